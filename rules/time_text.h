// Times as people write them: durations, weekdays, days, windows. Every error names an example.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/budget.h"
#include "rules/result.h"
#include "rules/schedule.h"

namespace hort {

// "30m", "1h", "1h30", "1h30m", "90min", "45s"; seconds, at most a year.
Result<std::int64_t> parse_duration(std::string_view text);
std::string text_of_duration(std::int64_t seconds);  // "1 h 30 min"

// The amount of a budget: a duration, "none" (0), or "all" (Budget::unlimited).
Result<std::int64_t> parse_amount(std::string_view text);
std::string text_of_amount(std::int64_t seconds);  // "1h30m"
// By weekday: "mon-fri 1h; weekends 2h30m". Days that are not named have no limit.
Result<std::array<std::int64_t, 7>> parse_amounts(std::string_view text);
std::string text_of_amounts(const std::array<std::int64_t, 7>& seconds);

// "mon", "mon-fri", "mon,wed", "weekdays", "weekends", "daily"; a bit a day, Monday is the lowest.
Result<unsigned> parse_weekdays(std::string_view text);
std::string text_of_weekdays(unsigned days);  // "mon-fri"

// "2026-12-24", or "2026-12-23..2027-01-06"; both ends are inside.
Result<std::pair<Day, Day>> parse_days(std::string_view text);

// "15:00-19:30"; "22:00-06:00" ends on the next day.
Result<Schedule::Window> parse_window(std::string_view text);
std::string text_of_window(Schedule::Window window);
// Several with commas; "none" is no time of that day, "all" all of it.
Result<std::vector<Schedule::Window>> parse_windows(std::string_view text);
std::string text_of_windows(const std::vector<Schedule::Window>& windows);

}  // namespace hort
