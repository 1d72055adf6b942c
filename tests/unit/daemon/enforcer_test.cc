#include "daemon/usage/enforcer.h"

#include <gtest/gtest.h>

#include "usage_household.h"

namespace hort::usage {
namespace {

class EnforcerTest : public testing::Test {
  protected:
    // Two hours of the computer, in use from now on.
    EnforcerTest() {
        household.add_budget(0, "device", 7200);
        give(7200);
    }
    void give(std::int64_t left) {
        auto& mia = household.policy->people[0];
        mia.budgets = {
            {0, left, 0, 0, now.awake_seconds + left, {now.wall_seconds + 80'000, now.boot_seconds + 80'000}}};
    }
    // "warn 15" for each thing to be done until `seconds` have passed.
    std::string passes(std::int64_t seconds, bool is_in_use = true) {
        std::string out;
        const auto end = now.awake_seconds + seconds;
        for (int i = 0; i < 1000; ++i) {
            const auto look =
                enforcer.look(*household.policy, is_in_use ? std::set<std::int64_t>{1} : std::set<std::int64_t>{}, now);
            for (const auto& todo : look.todo) {
                if (todo.text.empty()) {
                    ++silent;
                    continue;
                }
                out += (out.empty() ? "" : ", ") + std::to_string((now.awake_seconds - 1000) / 60) +
                       (todo.kind == Enforcer::Todo::Kind::warn  ? " warn"
                        : todo.kind == Enforcer::Todo::Kind::end ? " end"
                                                                 : " go on");
            }
            const auto next = std::min(look.again_at.value_or(end), end);
            if (next <= now.awake_seconds) break;
            const auto step = next - now.awake_seconds;
            now = {now.wall_seconds + step, now.boot_seconds + step, now.awake_seconds + step};
        }
        return out;
    }

    UsageHousehold household;
    Moment now{1'790'000'000, 2000, 1000};
    Enforcer enforcer;
    int silent = 0;
};

TEST_F(EnforcerTest, WarnsAtFifteenFiveAndOneMinutesThenEnds) {
    EXPECT_EQ(passes(7300), "105 warn, 115 warn, 119 warn, 120 end");
}

TEST_F(EnforcerTest, AtItsStartWhatWasFrozenBeforeGoesOnWithoutAWord) {
    passes(10);
    EXPECT_EQ(silent, 3) << "once for each child";
    passes(10);
    EXPECT_EQ(silent, 3) << "once for each child";
}

TEST_F(EnforcerTest, WhoComesLateIsWarnedOnceForWhatIsLeft) {
    give(4 * 60);
    EXPECT_EQ(passes(250), "0 warn, 3 warn, 4 end");
}

TEST_F(EnforcerTest, NobodyIsWarnedWhoIsNotThere) {
    EXPECT_EQ(passes(7300, false), "");
    EXPECT_EQ(passes(1), "121 end") << "a session that begins after the end is ended, too";
}

TEST_F(EnforcerTest, MoreTimeLetsItGoOnAndWarnsAgain) {
    EXPECT_EQ(passes(7201), "105 warn, 115 warn, 119 warn, 120 end");
    give(1800);
    EXPECT_EQ(passes(1900), "120 go on, 135 warn, 145 warn, 149 warn, 150 end");
}

TEST_F(EnforcerTest, TheEndIsFoundThroughWhatChangesBefore) {
    // Hours end in ten minutes, but a bonus runs for twenty; the budget ends between.
    auto& mia = household.policy->people[0];
    Schedule hours;
    const auto local = household.policy->zone.local_time(now.wall_seconds);
    for (int day = 0; day < 7; ++day) hours.add(day, {0, local.minute + 10});
    household.policy->schedules.push_back(hours);
    mia.profile.online = 0;
    Grant bonus;
    bonus.kind = Grant::Kind::bonus;
    bonus.until = Moment{now.wall_seconds + 1200, now.boot_seconds + 1200, now.awake_seconds + 1200};
    mia.grants.push_back(bonus);
    const Subject who{&mia, &mia.profile};
    EXPECT_EQ(end_of_session(*household.policy, who, now)->wall_seconds, now.wall_seconds + 1200);
    give(900);
    EXPECT_EQ(end_of_session(*household.policy, who, now)->wall_seconds, now.wall_seconds + 900);
    mia.grants.clear();
    EXPECT_EQ(end_of_session(*household.policy, who, now)->wall_seconds / 60, now.wall_seconds / 60 + 10);
}

}  // namespace
}  // namespace hort::usage
