#include "daemon/usage/meter.h"

#include <gtest/gtest.h>

#include "usage_household.h"

namespace hort::usage {
namespace {

constexpr std::int64_t noon = 1'790'000'000 / 86400 * 86400 + 12 * 3600;  // of some day, UTC

class MeterTest : public testing::Test {
  protected:
    // After budgets were added.
    void start() {
        meter = std::make_unique<Meter>(now, now.wall_seconds, 4 * 60);
        meter->adopt(household.policy, household.ledger, now);
        meter->fill(*household.policy);
    }
    void pass(std::int64_t seconds) {
        now = {now.wall_seconds + seconds, now.boot_seconds + seconds, now.awake_seconds + seconds};
        meter->advance(now);
    }
    void keep() {
        ASSERT_TRUE(household.ledger.keep(meter->take_entries(), meter->breaks(), {}, meter->ledger_clock()));
    }
    std::int64_t used(const char* key, std::size_t person = 0, Day days_ago = 0) {
        keep();
        const auto day = meter->today() - days_ago;
        return household.ledger.used(static_cast<std::int64_t>(person) + 1, key, day, day);
    }
    void see(const char* site, bool is_by_account = true, std::int64_t person = 1) {
        meter->advance(now);
        meter->saw_traffic(person, host(site), is_by_account);
    }
    void in_use(bool is_in_use, std::int64_t person = 1) {
        meter->advance(now);
        meter->set_in_use(person, is_in_use);
    }
    std::string said(const char* site = nullptr) {
        meter->fill(*household.policy);
        const auto& mia = household.policy->people[0];
        const Subject who{&mia, &mia.profile};
        const auto decision = site == nullptr ? decide(*household.policy, who, Target::session(), now)
                                              : decide(*household.policy, who, host(site), now);
        return std::string(name_of(decision.verdict)) + " " + std::string(name_of(decision.reason));
    }

    UsageHousehold household;
    Moment now{noon, 5000, 4000};
    std::unique_ptr<Meter> meter;
};

TEST_F(MeterTest, ASessionCountsWhileItIsInUse) {
    start();
    in_use(true);
    pass(600);
    in_use(false);
    pass(600);
    EXPECT_EQ(used("device"), 600);
}

TEST_F(MeterTest, TrafficCountsForTheMinuteAfterIt) {
    start();
    see("game.example");
    pass(30);
    see("www.game.example");
    pass(1000);
    EXPECT_EQ(used("games"), 90);
    EXPECT_EQ(used("device"), 90) << "nobody tells of sessions: traffic is all that is known";
}

TEST_F(MeterTest, SessionsAndDevicesAtOnceCountOnce) {
    start();
    in_use(true);
    see("game.example", true);
    see("game.example", false);
    pass(60);
    EXPECT_EQ(used("games"), 60);
    EXPECT_EQ(used("device"), 60);
}

TEST_F(MeterTest, WhatALockedSessionFetchesByItselfDoesNotCount) {
    start();
    in_use(false);
    see("game.example");
    pass(60);
    EXPECT_EQ(used("games"), 0);
    in_use(true);
    see("game.example");
    pass(10);
    in_use(false);
    pass(50);
    in_use(true);
    pass(5);
    EXPECT_EQ(used("games"), 10) << "the minute ends with the session";
}

TEST_F(MeterTest, AdvertisingHelpAndUpdatesAreNoUse) {
    start();
    for (const char* site : {"tracker.example", "www.childline.org.uk", "ocsp.digicert.com"}) see(site, false);
    pass(60);
    EXPECT_EQ(used("device"), 0);
}

TEST_F(MeterTest, SuspendedTimeDoesNotCount) {
    household.add_budget(0, "device", 3600);
    start();
    in_use(true);
    pass(100);
    now.wall_seconds += 50'000;
    now.boot_seconds += 50'000;  // the awake clock stood still
    meter->advance(now);
    pass(100);
    EXPECT_EQ(used("device"), 200);
    meter->fill(*household.policy);
    EXPECT_EQ(household.policy->people[0].budgets[0].left(now), 3400);
}

TEST_F(MeterTest, AClockThatIsSetMovesNothing) {
    household.add_budget(0, "device", 3600);
    start();
    in_use(true);
    pass(100);
    for (const std::int64_t jump : {86400 * 3, -86400 * 10, 7200}) {
        now.wall_seconds += jump;
        pass(100);
    }
    EXPECT_EQ(used("device"), 400);
    EXPECT_EQ(said(), "allow no_rule");
    pass(3200);
    EXPECT_EQ(said(), "block budget");
}

TEST_F(MeterTest, ABudgetEndsInTheVerySecondWithoutBeingTold) {
    household.add_budget(0, "games", 100);
    start();
    see("game.example");
    EXPECT_EQ(said("game.example"), "allow no_rule");
    const auto& mia = household.policy->people[0];
    const Subject who{&mia, &mia.profile};
    now.awake_seconds += 30;
    now.boot_seconds += 30;
    now.wall_seconds += 30;
    see("game.example");
    meter->fill(*household.policy);
    // From here on only time goes on; nobody advances the meter.
    auto then = now;
    for (int i = 0; i <= 80; ++i) {
        const auto decision = decide(*household.policy, who, host("game.example"), then);
        EXPECT_EQ(decision.is_blocked(), i >= 70) << i;
        ASSERT_TRUE(decision.until);
        if (i < 70) EXPECT_EQ(decision.until->wall_seconds, now.wall_seconds + 70);
        then = {then.wall_seconds + 1, then.boot_seconds + 1, then.awake_seconds + 1};
    }
    EXPECT_EQ(said("film.example"), "allow no_rule");
    EXPECT_EQ(said(), "allow no_rule");
}

TEST_F(MeterTest, WhatWasUsedAndPausedBetweenTwoLooksIsPublished) {
    household.add_budget(0, "games", 1800);
    start();
    see("game.example");
    pass(200);
    EXPECT_TRUE(meter->has_changed()) << "a minute was used, though nothing runs, as before";
    meter->fill(*household.policy);
    EXPECT_EQ(household.policy->people[0].budgets[0].used, 60);
    see("game.example");
    meter->fill(*household.policy);
    const auto ended = household.policy->people[0].budgets[0].empty_at;
    pass(70);
    see("game.example");
    EXPECT_TRUE(meter->has_changed()) << "it runs, as before, but ends later";
    meter->fill(*household.policy);
    EXPECT_EQ(household.policy->people[0].budgets[0].empty_at, *ended + 10);
    pass(1);
    EXPECT_FALSE(meter->has_changed()) << "what just goes on is not published anew";
}

TEST_F(MeterTest, TheMinuteOfWhatWasSeenEndsWithItsBudget) {
    household.add_budget(0, "games", 30);
    start();
    see("game.example");
    pass(300);
    EXPECT_EQ(used("games"), 30);
    see("game.example");
    pass(60);
    EXPECT_EQ(used("games"), 30);
    EXPECT_EQ(said("game.example"), "block budget");
}

TEST_F(MeterTest, LearningUsesUpNothingWhileNothingElseIsInFront) {
    household.policy->people[0].profile.uncounted.sites = {host("wiki.example")};
    start();
    in_use(true);
    see("de.wiki.example");
    pass(40);
    EXPECT_EQ(used("device"), 0);
    EXPECT_EQ(used("uncounted"), 40);
    see("game.example");
    pass(10);
    EXPECT_EQ(used("device"), 10);
    pass(1000);
    EXPECT_EQ(used("device"), 1010) << "a session without traffic counts";
}

TEST_F(MeterTest, AProgramCountsWhileItRunsInASessionInUse) {
    auto& budget = household.add_budget(0, "game.example", 100);
    budget.scope.programs = {"minetest"};
    household.policy->people[0].profile.uncounted.programs = {"writer"};
    start();
    in_use(true);
    meter->set_program(1, "writer", true);
    pass(10);
    EXPECT_EQ(used("uncounted"), 10) << "nothing else is known to be in front";
    meter->set_program(1, "Minetest", true);
    meter->set_program(1, "minetest", true);
    pass(20);
    EXPECT_EQ(used("game.example"), 20);
    EXPECT_EQ(used("device"), 20);
    meter->set_program(1, "Minetest", false);
    pass(30);
    meter->set_program(1, "minetest", false);
    pass(10);
    EXPECT_EQ(used("game.example"), 50) << "until the last one has ended";
    meter->set_program(1, "minetest", true);
    in_use(false);
    pass(100);
    EXPECT_EQ(used("game.example"), 50) << "behind a locked screen nobody plays";
    in_use(true);
    pass(100);
    EXPECT_EQ(used("game.example"), 100);
    const auto& mia = household.policy->people[0];
    meter->fill(*household.policy);
    EXPECT_TRUE(decide(*household.policy, {&mia, &mia.profile}, Target::of_program("minetest"), now).is_blocked());
}

TEST_F(MeterTest, ADayBeginsAtFourAndWhatIsLeftIsCarriedOverOnce) {
    household.add_budget(0, "device", 1000).carries_over = true;
    start();
    in_use(true);
    pass(400);
    in_use(false);
    const auto before = meter->today();
    pass(15 * 3600);  // past 03:00
    EXPECT_EQ(meter->today(), before);
    pass(2 * 3600);
    EXPECT_EQ(meter->today(), before + 1);
    meter->fill(*household.policy);
    EXPECT_EQ(household.policy->people[0].budgets[0].allowed, 1600);
    pass(86400);
    meter->fill(*household.policy);
    EXPECT_EQ(household.policy->people[0].budgets[0].allowed, 2000) << "one day's amount at most";
    keep();
    start();
    EXPECT_EQ(household.policy->people[0].budgets[0].allowed, 2000) << "and the same after a restart";
}

TEST_F(MeterTest, WeeksAndMonthsHaveTheirOwnEnds) {
    household.add_budget(0, "games", 1000, Budget::Period::week);
    household.add_budget(0, "games", 3000, Budget::Period::month);
    start();
    int weeks = 0, months = 0;
    auto week = period_begin(Budget::Period::week, meter->today());
    auto month = period_begin(Budget::Period::month, meter->today());
    for (int day = 0; day < 100; ++day) {
        see("game.example");
        pass(86400);
        const auto today = meter->today();
        if (const auto begin = period_begin(Budget::Period::week, today); begin != week) {
            week = begin;
            ++weeks;
            meter->fill(*household.policy);
            EXPECT_EQ(household.policy->people[0].budgets[0].used, 0);
        }
        if (const auto begin = period_begin(Budget::Period::month, today); begin != month) {
            month = begin;
            ++months;
            meter->fill(*household.policy);
            EXPECT_EQ(household.policy->people[0].budgets[1].used, 0);
        }
    }
    EXPECT_GE(weeks, 14);
    EXPECT_EQ(months, 3);
    keep();
    EXPECT_EQ(household.ledger.used(1, "games", meter->today() - 101, meter->today()), 100 * 60);
}

TEST_F(MeterTest, ABreakComesAfterUseAndRestCountsAsOne) {
    household.policy->people[0].profile.breaks = BreakRule{2700, 900};
    start();
    in_use(true);
    pass(2000);
    in_use(false);
    pass(900);
    in_use(true);
    pass(2699);
    EXPECT_EQ(said(), "allow no_rule") << "fifteen minutes elsewhere were a break";
    pass(1);
    EXPECT_EQ(said(), "block break");
    EXPECT_EQ(said("film.example"), "block break");
    pass(899);
    EXPECT_EQ(said(), "block break");
    pass(1);
    EXPECT_EQ(said(), "allow no_rule");
    pass(2600);
    keep();
    start();
    for (const auto& [person, record] : household.ledger.breaks()) meter->restore_break(person, record);
    in_use(true);
    pass(100);
    EXPECT_EQ(said(), "block break") << "a restart is no break";
}

TEST_F(MeterTest, WhatAGuardianAddsIsInTheBudgetOfThatDay) {
    household.add_budget(0, "device", 100);
    start();
    in_use(true);
    pass(100);
    EXPECT_EQ(said(), "block budget");
    ASSERT_TRUE(
        household.database->run("INSERT INTO reserves (person, day, scope, seconds) VALUES (1, ?, 'device', 50)",
                                {std::int64_t{meter->today()}}));
    keep();
    meter->adopt(household.policy, household.ledger, now);
    EXPECT_EQ(said(), "allow no_rule");
    pass(50);
    EXPECT_EQ(said(), "block budget");
}

}  // namespace
}  // namespace hort::usage
