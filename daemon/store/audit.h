// The trail of changes: who changed what, and when. Written in the same transaction as the change.
#pragma once

#include <string>
#include <vector>

#include "daemon/store/database.h"

namespace hort::store {

struct Change {
    std::int64_t time = 0;  // seconds since 1970 UTC
    std::string actor, action, detail;
};

// Who changes, and when.
struct By {
    std::string actor;
    std::int64_t time = 0;
};

Status record_change(Database& database, const By& by, const std::string& action, const std::string& detail);
Result<std::vector<Change>> newest_changes(Database& database, int limit);  // newest first

}  // namespace hort::store
