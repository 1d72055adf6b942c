#include "ctl/setup.h"

#include <gtest/gtest.h>

namespace hort::ctl {
namespace {

struct Played {
    Result<SetupOutcome> outcome;
    std::string said;
    nlohmann::json added;
};

Played play(const std::string& answers) {
    std::FILE* in = std::tmpfile();
    std::fputs(answers.c_str(), in);
    std::rewind(in);
    std::FILE* out = std::tmpfile();
    nlohmann::json added;
    auto outcome = run_setup(in, out, [&](const std::string& method, const nlohmann::json& params) {
        EXPECT_EQ(method, "child.add");
        added = params;
        if (params.contains("account") && params["account"][0] == "mai")
            return Result<nlohmann::json>(Error{"this machine has no account mai", {}, {}});
        return Result<nlohmann::json>(nlohmann::json{{"message", "mia is added."}});
    });
    std::string said(static_cast<std::size_t>(std::ftell(out)), '\0');
    std::rewind(out);
    const auto read = std::fread(said.data(), 1, said.size(), out);
    EXPECT_EQ(read, said.size());
    std::fclose(in);
    std::fclose(out);
    return {std::move(outcome), std::move(said), std::move(added)};
}

TEST(Setup, EndsWithAChild) {
    const auto played = play("mia\n9\nmia\n\ny\n\n");
    ASSERT_TRUE(played.outcome) << played.outcome.error().text();
    EXPECT_EQ(played.added["name"], "mia");
    EXPECT_EQ(played.added["age"], 9);
    EXPECT_EQ(played.added["account"], nlohmann::json::array({"mia"}));
    EXPECT_FALSE(played.added.contains("device"));
    EXPECT_TRUE(played.outcome->wants_lists);
    EXPECT_NE(played.said.find("7-11"), std::string::npos);
    EXPECT_NE(played.said.find("hortctl hours set mia"), std::string::npos);
}

TEST(Setup, AsksAgainAfterAWrongAnswer) {
    const auto played = play("not a name\nmia\nnine\n9\n\n\nn\ny\n");
    ASSERT_TRUE(played.outcome) << played.said;
    EXPECT_NE(played.said.find("up to 32 letters"), std::string::npos) << played.said;
    EXPECT_NE(played.said.find("a number of years"), std::string::npos) << played.said;
    EXPECT_FALSE(played.outcome->wants_lists);
}

TEST(Setup, AnAccountThatIsNotThereIsAskedForAgainAndNoOtherAnswerIsLost) {
    const auto played = play("mia\n2014-03-28\nmai\n\nn\ny\nmia\n\n");
    ASSERT_TRUE(played.outcome) << played.said;
    EXPECT_NE(played.said.find("no account mai"), std::string::npos);
    EXPECT_EQ(played.added["account"], nlohmann::json::array({"mia"}));
    EXPECT_EQ(played.added["born"], "2014-03-28");
    EXPECT_FALSE(played.added.contains("age"));
}

TEST(Setup, ChangesNothingWithoutTheLastYes) {
    for (const char* answers : {"", "mia\n", "mia\n9\n\n\n", "mia\n9\n\n\ny\n", "mia\n9\n\n\ny\nn\n", "\n\n\n\n\n\n"}) {
        const auto played = play(answers);
        EXPECT_FALSE(played.outcome) << answers;
        EXPECT_TRUE(played.added.is_null()) << answers;
        EXPECT_NE(played.outcome.error().text().find("nothing was changed"), std::string::npos);
    }
}

}  // namespace
}  // namespace hort::ctl
