#include "daemon/enforce/program_plan.h"

#include <gtest/gtest.h>

namespace hort::enforce {
namespace {

struct ProgramPlanTest : testing::Test {
    ProgramPlanTest() {
        const auto& taxonomy = Taxonomy::shipped();
        policy.people.push_back({1, "mia", Profile::of_tier("mia", Tier::age_7_11, taxonomy)});
        policy.people.push_back({2, "ann", Profile::of_tier("ann", Tier::adult, taxonomy)});
        policy.by_account = {{1001, 0}, {1002, 1}};
        policy.add_subordinates({100000, 165535}, 1001);
        policy.help = std::make_shared<ProtectedHelp>(ProtectedHelp::shipped());
        for (auto& person : policy.people) person.profile.add_program("Game", SiteRule());
    }
    bool may(std::uint32_t account, const std::string& program = "game") {
        return plan().may_start(account, {program});
    }
    ProgramPlan plan(Moment now = {}) {
        return plan_of(policy, now, {"/usr/bin"},
                       [](std::uint32_t account) { return std::optional("/home/" + std::to_string(account)); });
    }
    Policy policy;
};

TEST_F(ProgramPlanTest, OnlyChildrenWithAccountsHereAreAskedAbout) {
    EXPECT_EQ(programs_of(policy), std::set<std::string>{"game"});
    EXPECT_FALSE(may(1001));
    EXPECT_FALSE(may(100007)) << "its account in a user namespace";
    EXPECT_TRUE(may(1001, "other"));
    EXPECT_TRUE(may(1002)) << "a grown-up";
    EXPECT_TRUE(may(1003)) << "nobody known";
    policy.by_account[0] = 0;
    EXPECT_TRUE(may(0)) << "root";
    policy.by_account.clear();
    EXPECT_TRUE(programs_of(policy).empty());
}

TEST_F(ProgramPlanTest, FilesAreLookedForWhereTheOwnerSaysInHomesAndWhereRulesSay) {
    policy.people[0].profile.add_program("/opt/game/game", SiteRule());
    EXPECT_EQ(plan().folders,
              (std::vector<std::string>{"/usr/bin", "/opt/game/", "/home/1001/bin", "/home/1001/.local/bin"}))
        << "a grown-up's home is none of its business";
    policy.people[0].profile.program_rules.clear();
    EXPECT_TRUE(plan().folders.empty()) << "without a rule nothing is looked at";
}

TEST_F(ProgramPlanTest, APlanHoldsUntilTimeChangesIt) {
    EXPECT_FALSE(plan().until) << "a rule is for ever";
    Budget budget;
    budget.scope.programs = {"editor"};
    auto& mia = policy.people[0];
    mia.profile.budgets = {budget};
    mia.budgets = {BudgetState{.renews = {86400, 86400, 86400}}};
    EXPECT_FALSE(may(1001, "editor")) << "its time is used up";
    EXPECT_EQ(plan().until, 86400);
    EXPECT_TRUE(plan({.wall_seconds = 86400, .awake_seconds = 86400}).is_same(plan()))
        << "what is used up is told by the ledger, not by the clock";
}

TEST_F(ProgramPlanTest, ProgramsOfBudgetsAreAskedAboutToo) {
    Budget budget;
    budget.scope.programs = {"editor"};
    budget.scope.services = {Services::shipped().find("roblox")};
    policy.people[0].profile.budgets.push_back(budget);
    EXPECT_TRUE(programs_of(policy).contains("editor"));
    EXPECT_TRUE(programs_of(policy).contains("robloxplayerbeta.exe"));
    EXPECT_TRUE(programs_of(policy).contains("org.vinegarhq.sober")) << "its Flatpak";
}

TEST_F(ProgramPlanTest, WhatRunsIsEndedWhereNoTimeWillComeAndStoppedWhereItWill) {
    EXPECT_EQ(fate_of(policy, 1001, "game", {}).ending, Ending::end) << "a rule";
    EXPECT_EQ(fate_of(policy, 1001, "other", {}).ending, Ending::none);
    auto& mia = policy.people[0];
    mia.profile.program_rules.clear();
    Budget budget;
    budget.scope.programs = {"game"};
    mia.profile.budgets = {budget};
    mia.budgets = {BudgetState{.renews = {86400, 86400, 86400}}};
    const auto fate = fate_of(policy, 1001, "game", {});
    EXPECT_EQ(fate.ending, Ending::hold) << "its time is used up";
    EXPECT_TRUE(fate.until);
    mia.grants.push_back({.kind = Grant::Kind::pause});
    EXPECT_EQ(fate_of(policy, 1001, "game", {}).ending, Ending::none)
        << "all time is up: the session ends, by its own rule";
}

}  // namespace
}  // namespace hort::enforce
