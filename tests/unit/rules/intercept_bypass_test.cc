#include "rules/intercept_bypass.h"

#include <gtest/gtest.h>

#include "rules/compiler.h"

namespace hort {
namespace {

class MayLookInto : public testing::Test {
  protected:
    MayLookInto() {
        const auto& taxonomy = Taxonomy::shipped();
        RulesetCompiler compiler(taxonomy, HashKey{1, 2});
        compiler.add(*Hostname::parse("village-bank.test"), Scope::subtree, *taxonomy.find("finance"));
        policy.ruleset = *Ruleset::open(image_in_memory(*compiler.finish(1)), taxonomy);
        policy.help = std::make_shared<ProtectedHelp>(ProtectedHelp::shipped());
        policy.looks_into_tls = true;
        child = Profile::of_tier("mia", Tier::age_7_11, taxonomy);
        adult = Profile::of_tier("ann", Tier::adult, taxonomy);
    }
    std::string why_not(const char* host, const Profile& profile) {
        std::string out;
        const bool may = may_look_into(policy, {nullptr, &profile}, *Hostname::parse(host), &out);
        EXPECT_EQ(may, out.empty());
        return out;
    }
    Policy policy;
    Profile child, adult;
};

TEST_F(MayLookInto, OnlyWhereItIsOnAndOnlyOfTheSupervised) {
    EXPECT_EQ(why_not("www.example.org", child), "");
    EXPECT_EQ(why_not("www.example.org", adult), "who is not supervised is left alone");
    policy.looks_into_tls = false;
    EXPECT_EQ(why_not("www.example.org", child), "interception is off");
}

TEST_F(MayLookInto, NeverWhereSomethingSpeaksAgainstIt) {
    EXPECT_EQ(why_not("www.childline.org.uk", child), "protected help");
    EXPECT_NE(why_not("online.sparkasse.de", child).find("bank"), std::string::npos);
    EXPECT_NE(why_not("login.village-bank.test", child).find("finance"), std::string::npos);
    EXPECT_NE(why_not("www.who.int", child), "");
    policy.left_alone.set(*Hostname::parse("club.test"), true);
    EXPECT_EQ(why_not("www.club.test", child), "the owner's own exception");
}

TEST(InterceptBypass, EveryRowHasAReasonAndMistakesAreSaid) {
    const auto& shipped = InterceptBypass::shipped();
    EXPECT_GT(shipped.size(), 150u);
    EXPECT_EQ(shipped.reason(*Hostname::parse("example.org")), "");
    for (const auto* bad : {"", "{}", R"({"bypass": 1})", R"({"bypass": [{"hosts": ["a.test"], "kind": "x"}]})",
                            R"({"bypass": [{"hosts": ["-"], "kind": "x", "why": "y"}]})"})
        EXPECT_FALSE(InterceptBypass::parse(bad)) << bad;
}

}  // namespace
}  // namespace hort
