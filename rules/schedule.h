// Schedule: weekly windows in local time, with dated exceptions (a holiday, an open day).
//
// A value. It says whether a local time is inside, and when that changes next. What being inside means (online, no
// games) is said by the profile that names it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/time_zone.h"

namespace hort {

class Schedule {
  public:
    struct Window {
        std::int32_t from = 0, to = 0;  // minutes of the day; to <= from: it ends on the next day
    };
    struct Exception {
        Day first = 0, last = 0;      // both inside
        std::vector<Window> windows;  // instead of the weekly ones; none: outside all day
    };

    std::string name;

    // Takes the windows of a weekday away.
    void clear(int weekday) { weekly_[static_cast<std::size_t>(weekday)].clear(); }
    void add(int weekday, Window window) { weekly_[static_cast<std::size_t>(weekday)].push_back(window); }
    // The later one wins where two cover a day.
    void add(Exception exception) { exceptions_.push_back(std::move(exception)); }

    bool is_on(LocalTime time) const;
    // The first minute after `time` at which is_on() is another; nullopt when there is none within 400 days.
    std::optional<LocalTime> next_change(LocalTime time) const;
    // The same in seconds since 1970 UTC, where clocks are put forward and back: what the clock on the wall shows
    // decides, so a window in the missing hour is never on, and one in the hour that comes twice is on twice.
    std::optional<std::int64_t> next_change(std::int64_t utc, const TimeZone& zone) const;
    bool has_exception_on(Day day) const;
    // All of it on one line, for people: "Mon 08:00-13:15; 2026-10-12..2026-10-24 closed".
    std::string text() const;

  private:
    const std::vector<Window>& windows_on(Day day) const;

    std::vector<Window> weekly_[7];
    std::vector<Exception> exceptions_;
};

}  // namespace hort
