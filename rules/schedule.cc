#include "rules/schedule.h"

#include <algorithm>

#include "rules/time_text.h"

namespace hort {

constexpr std::int32_t minutes_of_day = 1440;
constexpr int look_ahead_days = 400;

const std::vector<Schedule::Window>& Schedule::windows_on(Day day) const {
    for (auto it = exceptions_.rbegin(); it != exceptions_.rend(); ++it)
        if (it->first <= day && day <= it->last) return it->windows;
    return weekly_[LocalTime{day, 0}.weekday()];
}

bool Schedule::has_exception_on(Day day) const {
    return std::any_of(exceptions_.begin(), exceptions_.end(),
                       [&](const Exception& e) { return e.first <= day && day <= e.last; });
}

bool Schedule::is_on(LocalTime time) const {
    for (const auto& window : windows_on(time.day)) {
        const auto end = window.to <= window.from ? window.to + minutes_of_day : window.to;
        if (window.from <= time.minute && time.minute < end) return true;
    }
    // What began yesterday and goes past midnight.
    for (const auto& window : windows_on(time.day - 1))
        if (window.to <= window.from && time.minute < window.to) return true;
    return false;
}

std::optional<LocalTime> Schedule::next_change(LocalTime time) const {
    const bool now = is_on(time);
    std::int32_t after = time.minute;  // looked at up to here; nothing is allocated: decide() asks for every query
    for (Day day = time.day; day <= time.day + look_ahead_days; ++day) {
        for (;;) {
            // It can change where a window of this day or of the day before begins or ends, and at midnight.
            std::int32_t next = minutes_of_day;
            const auto consider = [&](std::int32_t minute) {
                if (minute > after && minute < next) next = minute;
            };
            consider(0);
            for (const auto& window : windows_on(day)) {
                consider(window.from);
                if (window.to > window.from) consider(window.to);
            }
            for (const auto& window : windows_on(day - 1))
                if (window.to <= window.from) consider(window.to);
            if (next == minutes_of_day) break;
            if (is_on({day, next}) != now) return LocalTime{day, next};
            after = next;
        }
        after = -1;
    }
    return std::nullopt;
}

std::optional<std::int64_t> Schedule::next_change(std::int64_t utc, const TimeZone& zone) const {
    const bool now = is_on(zone.local_time(utc));
    const auto last = utc + std::int64_t{look_ahead_days} * 86400;
    for (auto from = utc; from <= last;) {
        // Up to `end` the clocks run evenly.
        const auto end = zone.next_change(from);
        const auto shown = zone.local_time(from);
        if (is_on(shown) != now) return from;
        if (const auto change = next_change(shown)) {
            const auto offset = zone.offset_at(from);
            const auto moment = (std::int64_t{change->day} * minutes_of_day + change->minute) * 60 - offset;
            if (moment < end) return moment;
        }
        if (end == INT64_MAX) return std::nullopt;
        from = end;
    }
    return std::nullopt;
}

std::string Schedule::text() const {
    const auto list = [](const std::vector<Window>& windows) {
        return " " + (windows.empty() ? std::string("closed") : text_of_windows(windows));
    };
    std::string out;
    for (int day = 0; day < 7; ++day)
        if (!weekly_[day].empty())
            out += (out.empty() ? "" : "; ") + std::string(name_of_weekday(day).substr(0, 3)) + list(weekly_[day]);
    for (const auto& exception : exceptions_)
        out += (out.empty() ? "" : "; ") + text_of_day(exception.first) + ".." + text_of_day(exception.last) +
               list(exception.windows);
    return out;
}

}  // namespace hort
