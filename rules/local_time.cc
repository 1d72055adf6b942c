#include "rules/local_time.h"

#include <array>
#include <chrono>
#include <cstdio>

namespace hort {
namespace {

constexpr std::array<std::string_view, 7> weekdays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                      "Friday", "Saturday", "Sunday"};

// Digits only; -1 otherwise.
int number(std::string_view text) {
    if (text.empty() || text.size() > 4) return -1;
    int out = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return -1;
        out = out * 10 + (c - '0');
    }
    return out;
}

}  // namespace

LocalTime local_time_of(std::int64_t seconds) {
    auto day = seconds / 86400;
    auto rest = seconds % 86400;
    if (rest < 0) rest += 86400, --day;
    return {static_cast<Day>(day), static_cast<std::int32_t>(rest / 60)};
}

Result<Day> parse_day(std::string_view text) {
    const auto wrong = [&] {
        return Error{"not a day", std::string(text.substr(0, 40)), "expected one such as 2026-11-24"};
    };
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return wrong();
    const int year = number(text.substr(0, 4)), month = number(text.substr(5, 2)), day = number(text.substr(8, 2));
    if (year < 0 || month < 0 || day < 0) return wrong();
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) return wrong();
    return static_cast<Day>(std::chrono::sys_days(date).time_since_epoch().count());
}

std::string text_of_day(Day day) {
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
    char out[32];
    std::snprintf(out, sizeof out, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()));
    return out;
}

int age_on(Day born, Day day) {
    const std::chrono::year_month_day from{std::chrono::sys_days(std::chrono::days(born))};
    const std::chrono::year_month_day to{std::chrono::sys_days(std::chrono::days(day))};
    const int years = static_cast<int>(to.year()) - static_cast<int>(from.year());
    const bool is_before = to.month() < from.month() || (to.month() == from.month() && to.day() < from.day());
    return years - (is_before ? 1 : 0);
}

Result<std::int32_t> parse_time_of_day(std::string_view text) {
    const auto colon = text.find(':');
    const int hour = colon == std::string_view::npos || colon > 2 ? -1 : number(text.substr(0, colon));
    const int minute =
        colon == std::string_view::npos || text.size() - colon != 3 ? -1 : number(text.substr(colon + 1));
    if (hour < 0 || minute < 0 || minute > 59 || hour > 24 || (hour == 24 && minute != 0))
        return Error{"not a time of day", std::string(text.substr(0, 40)), "expected one from 00:00 to 24:00"};
    return hour * 60 + minute;
}

Result<int> parse_weekday(std::string_view text) {
    if (text.size() >= 3)
        for (std::size_t i = 0; i < weekdays.size(); ++i) {
            const auto& name = weekdays[i];
            bool is_same = text.size() == 3 || text.size() == name.size();
            for (std::size_t j = 0; is_same && j < text.size(); ++j)
                is_same = (static_cast<unsigned char>(text[j]) | 32) == (static_cast<unsigned char>(name[j]) | 32);
            if (is_same) return static_cast<int>(i);
        }
    return Error{"not a weekday", std::string(text.substr(0, 40)), "expected monday to sunday, or mon to sun"};
}

std::string_view name_of_weekday(int weekday) { return weekdays[static_cast<std::size_t>(weekday)]; }

}  // namespace hort
