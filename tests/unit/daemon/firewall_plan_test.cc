#include "daemon/enforce/firewall_plan.h"

#include <gtest/gtest.h>

#include "platform/endpoint.h"

namespace hort::enforce {
namespace {

class FirewallPlanTest : public testing::Test {
  protected:
    FirewallPlanTest() {
        const auto& taxonomy = Taxonomy::shipped();
        policy.people.push_back({1, "mia", Profile::of_tier("mia", Tier::age_7_11, taxonomy)});
        policy.people.push_back({2, "ann", Profile::of_tier("ann", Tier::adult, taxonomy)});
        policy.by_account = {{1001, 0}, {1002, 1}};
        policy.add_subordinates({100000, 165535}, 1001);
        policy.help = std::make_shared<ProtectedHelp>(ProtectedHelp::shipped());
    }
    FirewallPlan plan() {
        return plan_of(policy, {}, 3181, gateway, [](std::uint32_t account) {
            return AccountPorts{static_cast<std::uint16_t>(account + 4000), static_cast<std::uint16_t>(account + 8000)};
        });
    }
    bool says(std::string_view text) { return commands_of(plan()).find(text) != std::string::npos; }
    Policy policy;
    Gateway gateway;
};

TEST_F(FirewallPlanTest, HoldsTheSupervisedWithTheirSubordinateAccounts) {
    ASSERT_EQ(plan().children.size(), 1u);
    EXPECT_TRUE(says("    meta skuid 1001 jump held_open\n    meta skuid 100000-165535 jump held_open\n"));
    EXPECT_TRUE(says("    meta skuid 1001 jump led_1001\n    meta skuid 100000-165535 jump led_1001\n"));
    EXPECT_TRUE(says("udp dport 53 redirect to :5001"));
    EXPECT_TRUE(says("    meta skuid 1001 jump apart_1001\n    meta skuid 100000-165535 jump apart_1001\n"));
    EXPECT_TRUE(says("udp dport 53 ct original zone set 1002\n"));
    EXPECT_TRUE(says("tcp dport 443 redirect to :9001"));
    EXPECT_TRUE(
        says("chain ports_of_accounts {\n    udp dport 5001 reject with icmpx type admin-prohibited\n    tcp dport "
             "5001 reject "
             "with tcp reset\n    tcp dport 9001 reject with tcp reset\n"));
    EXPECT_FALSE(says(":3181")) << "nobody's gateway";
    EXPECT_FALSE(says(":5002")) << "a grown-up";
    EXPECT_FALSE(says("flags interval")) << "they are empty for a moment when they are replaced";
    EXPECT_FALSE(says("delete")) << "a base chain that goes is open before the next one is there";
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
    EXPECT_TRUE(says("meta skuid 1001 jump held_closed\n"));
}

TEST_F(FirewallPlanTest, AProfileMayAllowHttp3AndVpns) {
    EXPECT_TRUE(says("jump held_open\n"));
    EXPECT_TRUE(says("icmpv6 type 160 "));
    policy.people[0].profile.allows_quic = true;
    policy.people[0].profile.blocked = CategorySet();
    EXPECT_TRUE(says("jump held_open_quic_vpn\n"));
    EXPECT_FALSE(says("jump vpn"));
}

TEST_F(FirewallPlanTest, LeadsTheDevicesOfTheHouseInTheOrderInWhichTheyAreKnown) {
    policy.household = Profile::of_tier("household", Tier::age_12_15, Taxonomy::shipped());
    policy.by_hardware[{2, 0, 0, 0, 0, 1}] = 0;
    policy.by_hardware[{2, 0, 0, 0, 0, 2}] = 1;
    policy.by_device[*platform::parse_address("192.168.7.9")] = 0;
    policy.by_network.emplace_back(*parse_network("fd00:7::/64"), 1);
    policy.people[0].profile.allows_quic = true;
    EXPECT_FALSE(says("prerouting")) << "nobody's gateway";
    gateway = {{"br0", "wlan0"}, 53};
    EXPECT_TRUE(says("    iifname \"br0\" jump house_lead\n    iifname \"wlan0\" jump house_lead\n"));
    EXPECT_TRUE(says("    ether saddr 02:00:00:00:00:01 goto house_led\n    ether saddr 02:00:00:00:00:02 return\n"));
    EXPECT_TRUE(
        says("    ether saddr 02:00:00:00:00:01 goto house_open_quic\n    ether saddr 02:00:00:00:00:02 return\n"));
    EXPECT_TRUE(
        says("ip saddr 192.168.7.9 goto house_open_quic\n    ip6 saddr fd00:7::/64 return\n"
             "    goto house_open\n"));
    policy.household.is_supervised = false;
    EXPECT_TRUE(says("ip6 saddr fd00:7::/64 return\n    return\n")) << "whoever nobody knows is left alone";
    policy.by_account.clear();
    EXPECT_TRUE(says("jump house_lead")) << "also without accounts of its own";
}

}  // namespace
}  // namespace hort::enforce
