#include "daemon/refusals.h"

#include <gtest/gtest.h>

namespace hort {
namespace {

struct Counting final : DecisionLog {
    void noted(Channel, const Subject&, const Hostname&, const Decision&, const Moment&) override { ++count; }
    int count = 0;
};

struct RefusalsTest : testing::Test {
    RefusalsTest() {
        for (std::int64_t i = 0; i < 2; ++i) {
            people[i].id = 7 + i;
            people[i].profile = Profile::of_tier("mia", Tier::age_12_15, Taxonomy::shipped());
        }
    }
    void refuse(const std::string& host, const char* category = "gambling", int person = 0) {
        Decision decision;
        decision.verdict = Verdict::block;
        decision.reason = Reason::category;
        decision.source.category = *Taxonomy::shipped().find(category);
        note(host, decision, {&people[person], &people[person].profile});
    }
    void note(const std::string& host, const Decision& decision, const Subject& who) {
        refusals.noted(Channel::dns, who, *Hostname::parse(host), decision, now);
    }
    std::vector<std::string> seen(std::int64_t person = 7) {
        std::vector<std::string> out;
        for (const auto& host : refusals.of(person, now)) out.emplace_back(host.text());
        return out;
    }

    Person people[2];
    Counting next;
    Refusals refusals{next};
    Moment now{1'000'000, 5000, 5000};
};

using Names = std::vector<std::string>;

TEST_F(RefusalsTest, TheLatestComesFirstAndEachOnce) {
    refuse("a.example");
    refuse("b.example");
    refuse("a.example");
    EXPECT_EQ(seen(), (Names{"a.example", "b.example"}));
    for (int i = 0; i < 20; ++i) refuse("n" + std::to_string(i) + ".example");
    EXPECT_EQ(seen().size(), Refusals::max_hosts);
    EXPECT_EQ(seen().front(), "n19.example");
    EXPECT_EQ(next.count, 23) << "all of it is passed on";
}

TEST_F(RefusalsTest, IsForgottenAfterAQuarterOfAnHour) {
    refuse("a.example");
    now.boot_seconds += 600;
    refuse("b.example");
    now.boot_seconds += 300;
    EXPECT_EQ(seen(), Names{"b.example"});
}

TEST_F(RefusalsTest, EachSeesOnlyTheirOwnAndNothingThatNobodyAskedFor) {
    refuse("a.example");
    refuse("b.example", "gambling", 1);
    refuse("tracker.example", "ads_tracking");
    Decision allowed;
    allowed.verdict = Verdict::allow;
    note("good.example", allowed, {&people[0], &people[0].profile});
    Decision blocked;
    blocked.verdict = Verdict::block;
    note("c.example", blocked, {nullptr, &people[0].profile});
    EXPECT_EQ(seen(), Names{"a.example"});
    EXPECT_EQ(seen(8), Names{"b.example"});
    EXPECT_EQ(seen(0), Names{});
}

}  // namespace
}  // namespace hort
