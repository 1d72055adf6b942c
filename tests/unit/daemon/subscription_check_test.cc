// A subscription's life with a server that is played: new versions, unchanged ones, broken ones, and none at all.
#include "daemon/lists/subscription_check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "platform/mapped_file.h"

namespace hort::lists {
namespace {

class SubscriptionTest : public testing::Test {
  protected:
    SubscriptionTest() {
        folder = (std::filesystem::temp_directory_path() / ("hort-subscription-" + std::to_string(getpid()))).string();
        std::filesystem::remove_all(folder);
        std::filesystem::create_directory(folder);
        record.id = 3;
        record.url = "https://lists.example/data/main";
        record.category = "games";
    }
    ~SubscriptionTest() override { std::filesystem::remove_all(folder); }

    // Looks once, an hour later each time; the record is what the daemon would keep.
    SubscriptionCheck look() {
        now += 3600;
        const auto fetch = [this](const platform::FetchRequest& request) -> Result<platform::Fetched> {
            requests.push_back(request);
            if (is_down) return Error{"the server does not answer", request.url, {}};
            const auto it = documents.find(request.url);
            if (it == documents.end()) return Error{"404 Not Found", request.url, {}};
            if (!it->second.etag.empty() && request.etag == it->second.etag) return platform::Fetched{true, {}, {}, {}};
            return it->second;
        };
        auto out = check_subscription(record, folder, fetch, now, chance, {});
        record = out.record;
        return out;
    }
    void serve(const std::string& body, const std::string& etag = "") {
        documents[record.url] = {false, body, etag, ""};
    }
    std::string kept() {
        const auto text = platform::read_file(folder + "/3.list", 1 << 20);
        return text ? *text : "none";
    }

    std::string folder;
    store::SubscriptionRecord record;
    std::map<std::string, platform::Fetched> documents;
    std::vector<platform::FetchRequest> requests;
    bool is_down = false;
    std::int64_t now = 1'000'000;
    double chance = 0.5;
};

TEST_F(SubscriptionTest, TakesANewVersionAndKeepsAnUnchangedOne) {
    serve("a.example\nb.example\n", "\"v1\"");
    EXPECT_TRUE(look().is_changed);
    EXPECT_EQ(record.entries, 2);
    EXPECT_EQ(record.changed, now);
    EXPECT_EQ(record.next_check, now + check_interval);
    EXPECT_FALSE(look().is_changed);
    EXPECT_EQ(requests[1].etag, "\"v1\"") << "it says what it has";
    serve("a.example\nb.example\nc.example\n", "\"v2\"");
    EXPECT_TRUE(look().is_changed);
    EXPECT_EQ(kept(), "a.example\nb.example\nc.example\n");
    serve("a.example\nb.example\nc.example\n", "\"v3\"");
    EXPECT_FALSE(look().is_changed) << "another tag, the same list";
    EXPECT_EQ(record.etag, "\"v3\"");
}

TEST_F(SubscriptionTest, AListThatShrankByMoreThanHalfIsKeptAndFlagged) {
    serve("a.example\nb.example\nc.example\nd.example\n", "\"v1\"");
    look();
    serve("a.example\n", "\"v2\"");
    EXPECT_FALSE(look().is_changed);
    EXPECT_NE(record.problem.find("1 entries, the one in force 4"), std::string::npos) << record.problem;
    EXPECT_EQ(kept(), "a.example\nb.example\nc.example\nd.example\n");
    EXPECT_EQ(record.entries, 4);
    EXPECT_EQ(record.etag, "\"v1\"") << "so that it is looked at again";
    serve("a.example\nb.example\n", "\"v4\"");
    EXPECT_TRUE(look().is_changed) << "exactly half is taken";
    EXPECT_EQ(record.problem, "");
}

TEST_F(SubscriptionTest, NothingAndAnErrorPageAreNoLists) {
    serve("a.example\n");
    look();
    for (const char* body : {"", "\n\n", "# all gone\n", "<html><body>502 Bad Gateway</body></html>\n"}) {
        serve(body);
        EXPECT_FALSE(look().is_changed) << body;
        EXPECT_NE(record.problem, "") << body;
        EXPECT_EQ(kept(), "a.example\n") << body;
    }
}

TEST_F(SubscriptionTest, BacksOffWhileTheServerIsDownAndKeepsTheLastGoodVersion) {
    serve("a.example\n");
    look();
    is_down = true;
    std::int64_t wait = 0;
    for (int failure = 1; failure <= 20; ++failure) {
        look();
        EXPECT_EQ(record.failures, failure);
        const auto next = record.next_check - now;
        EXPECT_GE(next, wait);
        EXPECT_LE(next, check_interval + check_interval / 10);
        wait = next;
    }
    EXPECT_EQ(wait, check_interval);
    EXPECT_EQ(kept(), "a.example\n");
    is_down = false;
    look();
    EXPECT_EQ(record.failures, 0);
    EXPECT_EQ(record.problem, "");
}

TEST_F(SubscriptionTest, ChanceSpreadsTheLoad) {
    serve("a.example\n");
    chance = 0;
    look();
    const auto early = record.next_check - now;
    chance = 1;
    look();
    EXPECT_LT(early, check_interval);
    EXPECT_GT(record.next_check - now, check_interval);
}

TEST_F(SubscriptionTest, AFileThatIsGoneFromTheDiskIsFetchedAgain) {
    serve("a.example\n", "\"v1\"");
    look();
    std::filesystem::remove(folder + "/3.list");
    look();
    EXPECT_EQ(requests.back().etag, "");
    EXPECT_EQ(kept(), "a.example\n");
}

TEST_F(SubscriptionTest, V2flyIncludesAreFetchedFromBesideIt) {
    record.format = "v2fly";
    serve("domain:a.example\ninclude:other\ninclude:../../etc/passwd\n");
    documents["https://lists.example/data/other"] = {false, "full:b.example\ninclude:main\n", "", ""};
    documents["https://lists.example/data/main"] = documents[record.url];
    ASSERT_TRUE(look().is_changed) << record.problem;
    EXPECT_EQ(*platform::read_file(folder + "/3.includes/other", 1 << 20), "full:b.example\ninclude:main\n");
    for (const auto& request : requests) EXPECT_EQ(request.url.find("passwd"), std::string::npos);
    documents.erase("https://lists.example/data/other");
    EXPECT_FALSE(look().is_changed);
    EXPECT_NE(record.problem.find("404"), std::string::npos) << "half a list is none: " << record.problem;
}

TEST_F(SubscriptionTest, ABundleIsHandedOnAndNotKeptHere) {
    record.kind = "bundle";
    serve("HORTBNDL...", "\"v1\"");
    const auto check = look();
    EXPECT_TRUE(check.is_changed);
    EXPECT_EQ(check.bundle, "HORTBNDL...");
    EXPECT_EQ(kept(), "none");
    EXPECT_FALSE(look().is_changed);
}

}  // namespace
}  // namespace hort::lists
