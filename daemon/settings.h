// Settings of the household that are no one person's: read from the store where they are needed.
#pragma once

#include <string>
#include <vector>

#include "daemon/activity.h"
#include "daemon/store/people.h"

namespace hort {

class Settings {
  public:
    struct Entry {
        std::string name, value, unset, help;  // `unset` holds while there is no value
    };

    explicit Settings(const store::People& people) : people_(people) {}

    std::int32_t day_begin() const;   // the minute of the day at which days of use begin
    std::int64_t idle_after() const;  // seconds after which a session that says it is idle is not in use any more
    int detail_days() const;          // how long it is known when something was used
    int kept_days() const;            // how long totals of days, answered requests and the trail of changes are kept
    LogLevel log_level() const;
    int log_days() const;  // how long it is kept what was blocked and allowed by name
    bool looks_into_tls() const;
    std::vector<std::string> left_alone() const;  // sites that are not looked into
    std::string country() const;                  // ISO 3166; empty: that of the machine's time
    std::vector<Entry> all() const;

    // The value in its one form, or what is wrong with it.
    static Result<std::string> check(const std::string& name, const std::string& value);

  private:
    const store::People& people_;
};

}  // namespace hort
