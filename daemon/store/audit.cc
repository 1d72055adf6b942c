#include "daemon/store/audit.h"

namespace hort::store {

Status record_change(Database& database, const By& by, const std::string& action, const std::string& detail) {
    const auto done = database.run("INSERT INTO audit (time, actor, action, detail) VALUES (?, ?, ?, ?)",
                                   {by.time, by.actor, action, detail});
    return done ? Status(Done{}) : Status(done.error());
}

Result<std::vector<Change>> newest_changes(Database& database, int limit) {
    std::vector<Change> out;
    const auto read = database.run("SELECT time, actor, action, detail FROM audit ORDER BY id DESC LIMIT ?",
                                   {std::int64_t{limit}}, [&](const Database::Row& row) {
                                       out.push_back({row.integer(0), row.text(1), row.text(2), row.text(3)});
                                   });
    if (!read) return read.error();
    return out;
}

}  // namespace hort::store
