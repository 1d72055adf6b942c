#include "rules/decision.h"

#include <gtest/gtest.h>

#include "rules/compiler.h"

namespace hort {
namespace {

// A household with one child of ten, and a list of a few categories.
class DecisionTest : public testing::Test {
  protected:
    DecisionTest() {
        RulesetCompiler compiler(taxonomy, HashKey{1, 2});
        const auto list = [&](const char* name, const char* category) {
            compiler.add(*Hostname::parse(name), Scope::subtree, *taxonomy.find(category));
        };
        list("casino.example", "gambling");
        list("proxy.example", "vpn_proxy");
        list("proxy.example", "gambling");
        list("news.example", "press");
        list("childline.org.uk", "adult");  // a list is wrong about a helpline
        policy.ruleset = *Ruleset::open(image_in_memory(*compiler.finish(1)), taxonomy);
        policy.help = std::make_shared<ProtectedHelp>(ProtectedHelp::shipped());
        policy.bypass = taxonomy.bypass();
        policy.household = Profile::of_tier("household", Tier::age_16_17, taxonomy);
        policy.people.push_back({1, "Mia", Profile::of_tier("mia", Tier::age_7_11, taxonomy)});
        policy.people.push_back({2, "Ann", Profile::of_tier("ann", Tier::adult, taxonomy)});
        policy.by_account = {{1000, 0}, {1001, 1}};
        policy.by_device[AddressBytes{1}] = 0;
    }

    Subject mia() const { return {&policy.people[0], &policy.people[0].profile}; }
    Subject ann() const { return {&policy.people[1], &policy.people[1].profile}; }
    void own(const char* site, Verdict verdict) {
        policy.people[0].profile.add_site(*Hostname::parse(site), {verdict, false, nullptr, {}});
    }
    Decision on(const Subject& who, const char* site) const { return decide(policy, who, *Hostname::parse(site), {}); }
    std::string said(const Subject& who, const char* site) const {
        const auto d = on(who, site);
        return std::string(name_of(d.verdict)) + " " + std::string(name_of(d.reason)) + " " +
               std::to_string(d.source.matched_labels);
    }

    const Taxonomy& taxonomy = Taxonomy::shipped();
    Policy policy;
};

TEST_F(DecisionTest, ABlockedCategoryBlocksTheNameAndAllBelow) {
    EXPECT_EQ(said(mia(), "casino.example"), "block category 2");
    EXPECT_EQ(said(mia(), "www.casino.example"), "block category 2");
    EXPECT_EQ(said(mia(), "example.org"), "allow no_rule 0");
    EXPECT_EQ(said(mia(), "news.example"), "allow no_rule 0");
}

TEST_F(DecisionTest, HelpIsAllowedWhateverTheListsAndRulesSayAndLeavesNoTrace) {
    own("childline.org.uk", Verdict::block);
    const auto d = on(mia(), "www.childline.org.uk");
    EXPECT_EQ(d.verdict, Verdict::allow);
    EXPECT_EQ(d.reason, Reason::protected_help);
    EXPECT_FALSE(d.leaves_a_trace());
    EXPECT_FALSE(on(ann(), "childline.org.uk").leaves_a_trace());
    EXPECT_TRUE(on(mia(), "casino.example").leaves_a_trace());
}

TEST_F(DecisionTest, AnAdultIsNotSupervised) { EXPECT_EQ(said(ann(), "casino.example"), "allow unsupervised 0"); }

TEST_F(DecisionTest, TheMostSpecificOwnRuleWinsOverOthersAndOverCategories) {
    own("casino.example", Verdict::allow);
    own("bad.casino.example", Verdict::block);
    own("example.org", Verdict::block);
    own("school.example.org", Verdict::allow);
    EXPECT_EQ(said(mia(), "casino.example"), "allow own_rule 2");
    EXPECT_EQ(said(mia(), "x.bad.casino.example"), "block own_rule 3");
    EXPECT_EQ(said(mia(), "example.org"), "block own_rule 2");
    EXPECT_EQ(said(mia(), "a.school.example.org"), "allow own_rule 3");
}

TEST_F(DecisionTest, AWayRoundTheFilterIsNamedAsSuchBeforeItsOtherCategories) {
    EXPECT_EQ(said(mia(), "proxy.example"), "block bypass 2");
}

TEST_F(DecisionTest, TheSocketsOwnerSpeaksBeforeTheAddress) {
    EXPECT_EQ(policy.subject(1001, AddressBytes{1}).person->name, "Ann");
    EXPECT_EQ(policy.subject(1000, AddressBytes{9}).person->name, "Mia");
    EXPECT_EQ(policy.subject(4711, AddressBytes{1}).person->name, "Mia");
    EXPECT_EQ(policy.subject({}, AddressBytes{9}).person, nullptr);
    EXPECT_EQ(policy.subject({}, AddressBytes{9}).profile->name, "household");
}

TEST_F(DecisionTest, ExplainsItselfInOneSentence) {
    const auto words = [&](const char* site) {
        return explain(on(mia(), site), policy, mia(), *Hostname::parse(site));
    };
    EXPECT_EQ(words("www.casino.example"),
              "www.casino.example is blocked for Mia: casino.example is listed under Gambling and betting.");
    EXPECT_EQ(words("childline.org.uk"), "childline.org.uk is protected help: always reachable, never logged.");
    own("a.org", Verdict::block);
    EXPECT_EQ(words("b.a.org"), "b.a.org is blocked by the own rule for a.org of Mia.");
}

TEST(Taxonomy, TiersComeFromAgesAndOlderChildrenHaveFewerBlocks) {
    EXPECT_EQ(tier_of_age(6), Tier::age_0_6);
    EXPECT_EQ(tier_of_age(7), Tier::age_7_11);
    EXPECT_EQ(tier_of_age(12), Tier::age_12_15);
    EXPECT_EQ(tier_of_age(16), Tier::age_16_17);
    EXPECT_EQ(tier_of_age(18), Tier::adult);
    const auto& t = Taxonomy::shipped();
    for (int i = 1; i < 5; ++i) {
        const auto younger = t.blocked_by(static_cast<Tier>(i - 1)), older = t.blocked_by(static_cast<Tier>(i));
        EXPECT_TRUE((older - younger).empty()) << i;
    }
    EXPECT_TRUE(t.blocked_by(Tier::adult).empty());
    EXPECT_NE(t.find("gamblng").error().hint.find("gambling"), std::string::npos);
}

TEST(Taxonomy, BadDataIsRefusedWithItsPlace) {
    EXPECT_FALSE(Taxonomy::parse("nonsense"));
    EXPECT_FALSE(Taxonomy::parse(R"({"categories": [{"id": "a"}]})"));
    const auto twice = Taxonomy::parse(R"({"categories": [{"id": "a", "title": {"en": "A", "de": "A"}},
                                                           {"id": "a", "title": {"en": "A", "de": "A"}}]})");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().text(), "category 2 'a': stands twice");
}

}  // namespace
}  // namespace hort
