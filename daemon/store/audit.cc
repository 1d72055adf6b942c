#include "daemon/store/audit.h"

#include <algorithm>
#include <iterator>

namespace hort::store {
namespace {

constexpr const char* all_settings = R"sql(
SELECT name || ': ' || kind || ', age tier ' || tier || iif(born = '', '', ', born ' || born) || ', at the end ' || at_end
    || iif(detail = '', '', ', keeps ' || detail)
    || iif(parent IS NULL, '', ', follows ' || (SELECT p.name FROM people p WHERE p.id = people.parent)) FROM people
UNION ALL SELECT people.name || ': ' || switches.name || ' ' || value FROM switches JOIN people ON people.id = person
UNION ALL SELECT 'name: ' || name || ' ' || type || ' ' || value FROM local_records
UNION ALL SELECT name || ': account ' || account FROM accounts JOIN people ON people.id = person
UNION ALL SELECT name || ': device ' || address FROM devices JOIN people ON people.id = person
UNION ALL SELECT name || ': ' || verdict || ' ' || subject || iif(is_always, ' always', '')
    FROM rules JOIN people ON people.id = person
UNION ALL SELECT name || ': hours ' || iif(subject = '', '', 'of ' || subject || ' ') || days || ' ' || windows
    FROM hours JOIN people ON people.id = person
UNION ALL SELECT name || ': budget of ' || scope || ' per ' || period || ' ' || amounts || iif(carries_over, ', carries over', '')
    FROM budgets JOIN people ON people.id = person
UNION ALL SELECT name || ': ' || subject || ' does not count' FROM uncounted JOIN people ON people.id = person
UNION ALL SELECT name || ': break of ' || (length / 60) || ' min after ' || (after / 60) || ' min'
    FROM breaks JOIN people ON people.id = person
UNION ALL SELECT name || ': ' || grants.kind || iif(subject = '', '', ' ' || subject)
    || iif(until_wall IS NULL, '', ' until ' || datetime(until_wall, 'unixepoch') || ' UTC')
    FROM grants JOIN people ON people.id = person
UNION ALL SELECT name || ': ' || (seconds / 60) || ' min added to ' || scope || ' on ' || date(day * 86400, 'unixepoch')
    FROM reserves JOIN people ON people.id = person
UNION ALL SELECT name || ': request ' || requests.id || ' ' || requests.kind || ' ' || subject || ', ' || state
    FROM requests JOIN people ON people.id = person
UNION ALL SELECT 'list: ' || kind || ' ' || url || ' ' || category FROM subscriptions
UNION ALL SELECT 'rule file: ' || name || ' serial ' || serial FROM bundles
UNION ALL SELECT 'trusted key: ' || key || ' ' || title FROM trusted_keys
UNION ALL SELECT 'setting: ' || key || iif(key = 'pin', ' is set', ' ' || value) FROM settings
    WHERE key NOT IN ('image_salt', 'ledger_clock')
ORDER BY 1)sql";

// The lines of `a` that are not in `b`, both in order.
std::string without(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    std::vector<std::string> only;
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(only));
    std::string out;
    for (const auto& line : only) out += (out.empty() ? "" : "\n") + line;
    return out;
}

Status record(Database& database, const By& by, const Said& said, const std::string& before, const std::string& after) {
    const auto done =
        database.run("INSERT INTO audit (time, actor, action, detail, before, after) VALUES (?, ?, ?, ?, ?, ?)",
                     {by.time, by.actor, said.action, said.detail, before, after});
    return done ? Status(Done{}) : Status(done.error());
}

}  // namespace

Result<std::vector<std::string>> settings_lines(Database& database) {
    std::vector<std::string> out;
    const auto read = database.run(all_settings, {}, [&](const Database::Row& row) { out.push_back(row.text(0)); });
    if (!read) return read.error();
    std::sort(out.begin(), out.end());
    return out;
}

Status change_settings(Database& database, const By& by, const std::function<Status(Said&)>& work) {
    return database.transaction([&]() -> Status {
        const auto before = settings_lines(database);
        if (!before) return before.error();
        Said said;
        if (auto done = work(said); !done) return done;
        const auto after = settings_lines(database);
        if (!after) return after.error();
        return record(database, by, said, without(*before, *after), without(*after, *before));
    });
}

Status record_event(Database& database, const By& by, const std::string& action, const std::string& detail) {
    return record(database, by, {action, detail}, {}, {});
}

Result<std::vector<Change>> newest_changes(Database& database, int limit) {
    std::vector<Change> out;
    const auto read = database.run(
        "SELECT time, actor, action, detail, before, after FROM audit ORDER BY id DESC LIMIT ?", {std::int64_t{limit}},
        [&](const Database::Row& row) {
            out.push_back({row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5)});
        });
    if (!read) return read.error();
    return out;
}

}  // namespace hort::store
