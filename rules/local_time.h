// LocalTime: a day and a time of day as the clock on the wall shows them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/result.h"

namespace hort {

// Days since 1970-01-01 in the proleptic Gregorian calendar.
using Day = std::int32_t;

struct LocalTime {
    Day day = 0;
    std::int32_t minute = 0;  // of the day, 0 to 1439

    int weekday() const { return static_cast<int>(((day + 3) % 7 + 7) % 7); }  // 0 is Monday
    friend auto operator<=>(const LocalTime&, const LocalTime&) = default;
};

// Of seconds since 1970 as the clocks on the wall count them.
LocalTime local_time_of(std::int64_t shown_seconds);

// "2026-11-24"; the error says what is wrong with it. Days that do not exist are refused.
Result<Day> parse_day(std::string_view text);
std::string text_of_day(Day day);
// Whole years, as birthdays count them.
int age_on(Day born, Day day);
// "08:30", up to "24:00"; minutes of the day.
Result<std::int32_t> parse_time_of_day(std::string_view text);
// "monday", "mon", "tuesday", ...; 0 is Monday.
Result<int> parse_weekday(std::string_view text);
std::string_view name_of_weekday(int weekday);  // "Monday"

}  // namespace hort
