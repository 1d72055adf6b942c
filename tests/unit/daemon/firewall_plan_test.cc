#include "daemon/enforce/firewall_plan.h"

#include <gtest/gtest.h>

namespace hort::enforce {
namespace {

class FirewallPlanTest : public testing::Test {
  protected:
    FirewallPlanTest() {
        const auto& taxonomy = Taxonomy::shipped();
        policy.people.push_back({1, "mia", Profile::of_tier("mia", Tier::age_7_11, taxonomy)});
        policy.people.push_back({2, "ann", Profile::of_tier("ann", Tier::adult, taxonomy)});
        policy.by_account = {{1001, 0}, {1002, 1}};
        policy.help = std::make_shared<ProtectedHelp>(ProtectedHelp::shipped());
    }
    FirewallPlan plan() {
        return plan_of(
            policy, {}, 3181, [](std::uint32_t account) { return static_cast<std::uint16_t>(account + 4000); },
            [](std::uint32_t account) {
                return account == 1001 ? std::vector<FirewallPlan::Range>{{100000, 165535}}
                                       : std::vector<FirewallPlan::Range>{};
            });
    }
    bool says(std::string_view text) { return commands_of(plan()).find(text) != std::string::npos; }
    Policy policy;
};

TEST_F(FirewallPlanTest, HoldsTheSupervisedWithTheirSubordinateAccounts) {
    ASSERT_EQ(plan().children.size(), 1u);
    EXPECT_TRUE(says("set children { type uid; flags interval; elements = { 1001, 100000-165535 }"));
    EXPECT_TRUE(says("elements = { 1001 : 5001, 100000-165535 : 5001 }"));
    EXPECT_TRUE(says("redirect to :3181"));
    EXPECT_FALSE(says(": 5002")) << "a grown-up";
}

TEST_F(FirewallPlanTest, WithoutSupervisedAccountsThereIsNoTable) {
    policy.by_account.erase(1001);
    EXPECT_EQ(commands_of(plan()), commands_without());
}

TEST_F(FirewallPlanTest, NeverHoldsRoot) {
    policy.by_account[0] = 0;
    EXPECT_EQ(plan().children.size(), 1u);
}

TEST_F(FirewallPlanTest, ClosesWhenTheTimeIsUpAndKnowsWhenThatChanges) {
    EXPECT_FALSE(plan().children[0].is_closed);
    EXPECT_FALSE(plan().until);
    auto& pause = policy.people[0].grants.emplace_back();
    pause.kind = Grant::Kind::pause;
    pause.until = Moment{600, 600, 600};
    const auto closed = plan();
    EXPECT_TRUE(closed.children[0].is_closed);
    EXPECT_EQ(closed.until, 600);
    EXPECT_TRUE(says("set closed { type uid; flags interval; elements = { 1001, 100000-165535 }"));
}

TEST_F(FirewallPlanTest, AProfileMayAllowHttp3AndVpns) {
    EXPECT_TRUE(says("set no_quic { type uid; flags interval; elements"));
    EXPECT_TRUE(says("set no_vpn { type uid; flags interval; elements"));
    policy.people[0].profile.allows_quic = true;
    policy.people[0].profile.blocked = CategorySet();
    EXPECT_FALSE(says("set no_quic { type uid; flags interval; elements"));
    EXPECT_FALSE(says("set no_vpn { type uid; flags interval; elements"));
}

}  // namespace
}  // namespace hort::enforce
