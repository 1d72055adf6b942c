// The trail of changes: who changed what, when, and how it was before and after. Written in the same transaction as the
// change.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "daemon/store/database.h"

namespace hort::store {

struct Change {
    std::int64_t time = 0;  // seconds since 1970 UTC
    std::string actor, action, detail;
    std::string before, after;  // the lines of all settings that are gone, and that are new
};

// Who changes, and when.
struct By {
    std::string actor;
    std::int64_t time = 0;
};

// What a change is called in the trail; set by the work of change_settings().
struct Said {
    std::string action, detail;

    Status is(std::string what, std::string of) {
        action = std::move(what);
        detail = std::move(of);
        return Done{};
    }
};

// One transaction with its row in the trail, or nothing. What the settings were before and after is found by looking.
Status change_settings(Database& database, const By& by, const std::function<Status(Said&)>& work);
// An event that is no change of a setting: a wrong PIN, a clock that was set.
Status record_event(Database& database, const By& by, const std::string& action, const std::string& detail);

// All settings of the household as lines for people, in order.
Result<std::vector<std::string>> settings_lines(Database& database);
Result<std::vector<Change>> newest_changes(Database& database, int limit);  // newest first

}  // namespace hort::store
