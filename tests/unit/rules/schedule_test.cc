#include "rules/schedule.h"

#include <gtest/gtest.h>

#include <random>

namespace hort {
namespace {

LocalTime at(const char* day, const char* time) { return {*parse_day(day), *parse_time_of_day(time)}; }

Schedule school_day() {
    Schedule out;
    for (int day = 0; day < 5; ++day) out.add(day, {8 * 60, 13 * 60 + 15});
    out.add(4, {22 * 60, 6 * 60});                                      // Friday night, until Saturday morning
    out.add({*parse_day("2026-12-21"), *parse_day("2027-01-02"), {}});  // holidays
    out.add({*parse_day("2026-12-24"), *parse_day("2026-12-24"), {{10 * 60, 12 * 60}}});
    return out;
}

TEST(LocalTime, KnowsTheWeekdayAndTheZone) {
    EXPECT_EQ(at("2026-11-24", "00:00").weekday(), 1);  // a Tuesday
    EXPECT_EQ(at("1969-12-29", "00:00").weekday(), 0);
    const auto time = TimeZone(3600, {}).local_time(1'795'478'399);  // 2026-11-23 23:59:59 UTC
    EXPECT_EQ(text_of_day(time.day), "2026-11-24");
    EXPECT_EQ(time.minute, 59);
    EXPECT_EQ(TimeZone().local_time(-1).minute, 1439);
}

TEST(LocalTime, RefusesWhatIsNoDayOrTime) {
    for (const char* text : {"2026-02-29", "2026-13-01", "2026-1-01", "26-01-01", "2026-01-32", "", "2026-01-0x"})
        EXPECT_FALSE(parse_day(text)) << text;
    EXPECT_TRUE(parse_day("2028-02-29"));
    for (const char* text : {"24:01", "8", "08:60", "8:5", "-1:00", "08:00:00", "", "0800"})
        EXPECT_FALSE(parse_time_of_day(text)) << text;
    EXPECT_EQ(*parse_time_of_day("24:00"), 1440);
    EXPECT_EQ(*parse_time_of_day("8:05"), 485);
    EXPECT_EQ(*parse_weekday("Sunday"), 6);
    EXPECT_EQ(*parse_weekday("mon"), 0);
    EXPECT_FALSE(parse_weekday("mo"));
}

TEST(Schedule, IsOnInsideItsWindowsOnly) {
    const auto s = school_day();
    EXPECT_FALSE(s.is_on(at("2026-11-24", "07:59")));
    EXPECT_TRUE(s.is_on(at("2026-11-24", "08:00")));
    EXPECT_TRUE(s.is_on(at("2026-11-24", "13:14")));
    EXPECT_FALSE(s.is_on(at("2026-11-24", "13:15")));
    EXPECT_TRUE(s.is_on(at("2026-11-27", "23:00")));
    EXPECT_TRUE(s.is_on(at("2026-11-28", "05:59"))) << "Friday's night goes on";
    EXPECT_FALSE(s.is_on(at("2026-11-28", "06:00")));
    EXPECT_FALSE(s.is_on(at("2026-12-21", "10:00")));
    EXPECT_TRUE(s.is_on(at("2026-12-24", "10:00"))) << "the later exception wins";
}

TEST(Schedule, SaysWhenItChangesNext) {
    const auto s = school_day();
    EXPECT_EQ(s.next_change(at("2026-11-24", "08:00")), at("2026-11-24", "13:15"));
    EXPECT_EQ(s.next_change(at("2026-11-24", "13:15")), at("2026-11-25", "08:00"));
    EXPECT_EQ(s.next_change(at("2026-11-27", "22:30")), at("2026-11-28", "06:00"));
    EXPECT_EQ(s.next_change(at("2026-12-18", "23:00")), at("2026-12-19", "06:00"));
    EXPECT_EQ(s.next_change(at("2026-12-19", "06:00")), at("2026-12-24", "10:00"));
    EXPECT_EQ(Schedule().next_change(at("2026-11-24", "08:00")), std::nullopt);
    Schedule always;
    for (int day = 0; day < 7; ++day) always.add(day, {0, 1440});
    EXPECT_EQ(always.next_change(at("2026-11-24", "08:00")), std::nullopt);
}

TEST(Schedule, NextChangeAgreesWithLookingAtEveryMinute) {
    std::mt19937 random(7);
    const auto below = [&](unsigned n) { return static_cast<std::int32_t>(random() % n); };
    for (int round = 0; round < 60; ++round) {
        Schedule s;
        const auto window = [&] {
            const auto from = below(1440), to = below(1441);
            return Schedule::Window{from, to == from ? to + 1 : to};
        };
        for (auto count = below(6); count > 0; --count) s.add(below(7), window());
        const auto today = *parse_day("2026-11-24");
        for (auto count = below(3); count > 0; --count) {
            const auto first = today + below(10);
            s.add(Schedule::Exception{
                first, first + below(3),
                below(2) ? std::vector<Schedule::Window>{window()} : std::vector<Schedule::Window>{}});
        }
        for (int i = 0; i < 20; ++i) {
            const LocalTime from{today + below(10), below(1440)};
            const auto next = s.next_change(from);
            auto time = from;
            int steps = 0;
            do {
                if (++time.minute == 1440) time = {time.day + 1, 0};
            } while (++steps < 14 * 1440 && s.is_on(time) == s.is_on(from));
            if (steps < 14 * 1440)
                ASSERT_EQ(next, time) << s.text();
            else
                ASSERT_TRUE(!next || *next >= time) << s.text();
        }
    }
}

}  // namespace
}  // namespace hort
