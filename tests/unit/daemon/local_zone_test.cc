// Schedules where clocks are put forward and back, against the C library's own clock, minute by minute.
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <random>

#include "platform/clock.h"
#include "rules/schedule.h"

namespace hort {
namespace {

struct Place {
    const char* zone;
    std::int64_t around;  // a change of the offset is within the week after it, seconds since 1970 UTC
};
void PrintTo(const Place& place, std::ostream* out) { *out << place.zone; }

// Half-hour shifts, a day that never was (Apia, 2011-12-30), zones that gave summer time up, and one that has none.
constexpr Place places[] = {
    {"Europe/Berlin", 1'774'400'000},                                              // 2026-03-29 forward
    {"Europe/Berlin", 1'792'800'000},                                              // 2026-10-25 back
    {"America/New_York", 1'772'700'000},                                           // 2026-03-08
    {"America/New_York", 1'793'200'000},                                           // 2026-11-01
    {"Australia/Lord_Howe", 1'775'000'000},                                        // 2026-04-05, half an hour back
    {"Australia/Lord_Howe", 1'790'800'000},                                        // 2026-10-04, half an hour forward
    {"Asia/Kolkata", 1'774'400'000},        {"America/Sao_Paulo", 1'541'000'000},  // 2018-11-04, at midnight
    {"America/Sao_Paulo", 1'550'000'000},                                          // 2019-02-17, the last one
    {"Pacific/Apia", 1'324'900'000},                                               // 2011-12-30 is left out
};

class LocalZone : public testing::TestWithParam<Place> {
  protected:
    LocalZone() : around(GetParam().around) {
        setenv("TZ", GetParam().zone, 1);
        zone = platform::local_zone(around);
    }
    ~LocalZone() override {
        unsetenv("TZ");
        tzset();
    }
    const std::int64_t around;
    TimeZone zone;
};

std::tm clock_at(std::int64_t utc) {
    const auto moment = static_cast<std::time_t>(utc);
    std::tm out{};
    localtime_r(&moment, &out);
    return out;
}

// Days counted from what a broken-down time shows.
std::int64_t day_of(std::tm shown) { return timegm(&shown) / 86400; }

struct Reference {
    std::vector<Schedule::Window> weekly[7];  // 0 is Thursday, as 1970-01-01 was
    std::vector<Schedule::Window> on_day;     // of that day, instead
    std::int64_t special = -1;

    const std::vector<Schedule::Window>& of(std::int64_t day) const {
        return day == special ? on_day : weekly[day % 7];
    }
    bool is_on(std::int64_t utc) const {
        const auto now = clock_at(utc);
        const auto day = day_of(now);
        const int minute = now.tm_hour * 60 + now.tm_min;
        for (const auto& w : of(day))
            if (w.from < w.to ? w.from <= minute && minute < w.to : minute >= w.from) return true;
        for (const auto& w : of(day - 1))
            if (w.from >= w.to && minute < w.to) return true;
        return false;
    }
};

TEST_P(LocalZone, HasTheOffsetsOfTheCLibrary) {
    EXPECT_NE(clock_at(around).tm_gmtoff, 0) << "the system has no data of this zone (package tzdata)";
    for (auto utc = around - 300 * 86400; utc < around + 300 * 86400; utc += 900)
        ASSERT_EQ(zone.offset_at(utc), clock_at(utc).tm_gmtoff) << utc;
}

TEST_P(LocalZone, SchedulesAgreeWithLookingAtTheClockEveryMinute) {
    std::mt19937 random(static_cast<unsigned>(around));
    const auto below = [&](unsigned n) { return static_cast<std::int32_t>(random() % n); };
    for (int round = 0; round < 12; ++round) {
        Reference reference;
        Schedule schedule;
        const auto window = [&] {
            // Mostly in the hours in which clocks change.
            const auto from = below(2) ? below(240) : below(1440);
            const auto to = below(2) ? (from + 1 + below(120)) % 1440 : below(1440);
            return Schedule::Window{from, to == from ? (to + 1) % 1440 : to};
        };
        for (auto count = 1 + below(8); count > 0; --count) {
            const auto day = below(7);
            const auto w = window();
            schedule.add(day, w);
            reference.weekly[(day + 4) % 7].push_back(w);
        }
        if (below(2)) {
            reference.special = day_of(clock_at(around + below(8) * 86400));
            if (below(2)) reference.on_day.push_back(window());
            const auto day = static_cast<Day>(reference.special);
            schedule.add(Schedule::Exception{day, day, reference.on_day});
        }
        const auto start = around / 60 * 60, end = start + 9 * 86400;
        std::vector<bool> is_on;
        for (auto utc = start; utc < end; utc += 60) {
            is_on.push_back(reference.is_on(utc));
            ASSERT_EQ(schedule.is_on(zone.local_time(utc)), is_on.back()) << utc << " " << schedule.text();
        }
        // From the end backwards: where the reference changes next.
        std::optional<std::int64_t> next;
        for (auto i = is_on.size() - 1; i-- > 0;) {
            const auto utc = start + static_cast<std::int64_t>(i) * 60;
            if (is_on[i + 1] != is_on[i]) next = utc + 60;
            if (!next) continue;
            for (const int second : {0, 37})
                ASSERT_EQ(schedule.next_change(utc + second, zone), next) << utc << " " << schedule.text();
        }
    }
}

TEST_P(LocalZone, FirstMomentsShowTheTimeOrHaveJumpedOverIt) {
    for (auto utc = around / 60 * 60; utc < around + 9 * 86400; utc += 60) {
        const auto shown = zone.local_time(utc);
        const auto first = zone.first_moment_of(shown);
        ASSERT_LE(first, utc);
        ASSERT_EQ(zone.local_time(first), shown);
    }
}

INSTANTIATE_TEST_SUITE_P(Places, LocalZone, testing::ValuesIn(places), [](const auto& given) {
    std::string name = given.param.zone + std::string("_") + std::to_string(given.index);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == '/'; }, '_');
    return name;
});

TEST(TimeZone, TheMissingHourGivesTheMomentOfTheJump) {
    // Berlin, 2026-03-29: at 02:00 it is 03:00.
    const TimeZone berlin(3600, {{1'774'746'000, 7200}});
    const auto day = *parse_day("2026-03-29");
    EXPECT_EQ(berlin.first_moment_of({day, 2 * 60 + 30}), 1'774'746'000);
    EXPECT_EQ(berlin.first_moment_of({day, 3 * 60}), 1'774'746'000);
    EXPECT_EQ(berlin.first_moment_of({day, 60}), 1'774'742'400);
}

}  // namespace
}  // namespace hort
