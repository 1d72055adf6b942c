#include "daemon/store/ledger.h"

#include <algorithm>

#include "daemon/log.h"

namespace hort::store {

Status Ledger::keep(const std::vector<UsageEntry>& entries, const std::map<std::int64_t, BreakRecord>& breaks,
                    const std::vector<std::int64_t>& without_spans, std::int64_t now) {
    return database_.transaction([&]() -> Status {
        for (const auto& entry : entries) {
            auto run = database_.run(
                "INSERT INTO usage (person, day, scope, seconds) SELECT ?, ?, ?, ? "
                "WHERE EXISTS (SELECT 1 FROM people WHERE id = ?) "
                "ON CONFLICT (person, day, scope) DO UPDATE SET seconds = seconds + excluded.seconds",
                {entry.person, std::int64_t{entry.day}, entry.key, entry.seconds, entry.person});
            if (!run) return run.error();
            if (*run == 0 || entry.key.starts_with(application_key) ||
                std::find(without_spans.begin(), without_spans.end(), entry.person) != without_spans.end())
                continue;
            // What goes on is one span.
            run = database_.run(
                "UPDATE spans SET seconds = seconds + ? WHERE id = (SELECT id FROM spans WHERE person = ? AND scope = "
                "? ORDER BY start DESC LIMIT 1) AND start + seconds = ?",
                {entry.seconds, entry.person, entry.key, entry.start});
            if (run && *run == 0)
                run = database_.run("INSERT INTO spans (person, scope, start, seconds) VALUES (?, ?, ?, ?)",
                                    {entry.person, entry.key, entry.start, entry.seconds});
            if (!run) return run.error();
        }
        for (const auto& [person, state] : breaks) {
            const auto run = database_.run(
                "INSERT OR REPLACE INTO break_states (person, run, as_of, ends_at) SELECT ?, ?, ?, ? "
                "WHERE EXISTS (SELECT 1 FROM people WHERE id = ?)",
                {person, state.run, state.as_of, state.ends_at, person});
            if (!run) return run.error();
        }
        const auto run = database_.run("INSERT OR REPLACE INTO settings (key, value) VALUES ('ledger_clock', ?)",
                                       {std::to_string(now)});
        return run ? Status(Done{}) : Status(run.error());
    });
}

std::int64_t Ledger::last_kept() const {
    std::int64_t out = 0;
    (void)database_.run("SELECT CAST(value AS INTEGER) FROM settings WHERE key = 'ledger_clock'", {},
                        [&](const Database::Row& row) { out = row.integer(0); });
    return out;
}

std::map<std::int64_t, BreakRecord> Ledger::breaks() const {
    std::map<std::int64_t, BreakRecord> out;
    (void)database_.run("SELECT person, run, as_of, ends_at FROM break_states", {}, [&](const Database::Row& row) {
        out[row.integer(0)] = {row.integer(1), row.integer(2), row.integer(3)};
    });
    return out;
}

Status Ledger::forget(std::int64_t spans_before, Day totals_before) {
    const auto moment = std::int64_t{totals_before} * 86400;
    return database_.transaction([&]() -> Status {
        for (const auto& [sql, before] :
             {std::pair("DELETE FROM spans WHERE start < ?", spans_before),
              std::pair("DELETE FROM usage WHERE day < ?", std::int64_t{totals_before}),
              std::pair("DELETE FROM reserves WHERE day < ?", std::int64_t{totals_before}),
              std::pair("DELETE FROM requests WHERE state <> 'open' AND answered < ?", moment),
              std::pair("DELETE FROM audit WHERE time < ?", moment)})
            if (const auto run = database_.run(sql, {before}); !run) return run.error();
        return Done{};
    });
}

std::int64_t Ledger::sum(const char* sql, std::int64_t person, const std::string& key, Day first, Day last) const {
    std::int64_t out = 0;
    const auto run = database_.run(sql, {person, key, std::int64_t{first}, std::int64_t{last}},
                                   [&](const Database::Row& row) { out = row.integer(0); });
    if (!run) log_line(Level::error, "the ledger cannot be read", {{"error", run.error().text()}});
    return out;
}

std::int64_t Ledger::used(std::int64_t person, const std::string& key, Day first, Day last) const {
    return sum("SELECT COALESCE(SUM(seconds), 0) FROM usage WHERE person = ? AND scope = ? AND day BETWEEN ? AND ?",
               person, key, first, last);
}

std::int64_t Ledger::reserve(std::int64_t person, const std::string& key, Day first, Day last) const {
    return sum("SELECT COALESCE(SUM(seconds), 0) FROM reserves WHERE person = ? AND scope = ? AND day BETWEEN ? AND ?",
               person, key, first, last);
}

Result<std::vector<DayTotal>> Ledger::totals(std::int64_t person, Day first, Day last) const {
    std::vector<DayTotal> out;
    const auto run = database_.run(
        "SELECT day, scope, seconds FROM usage WHERE person = ? AND day BETWEEN ? AND ? ORDER BY day, seconds DESC",
        {person, std::int64_t{first}, std::int64_t{last}}, [&](const Database::Row& row) {
            out.push_back({static_cast<Day>(row.integer(0)), row.text(1), row.integer(2)});
        });
    if (!run) return run.error();
    return out;
}

Result<std::vector<Span>> Ledger::spans(std::int64_t person, std::int64_t from) const {
    std::vector<Span> out;
    const auto run =
        database_.run("SELECT scope, start, seconds FROM spans WHERE person = ? AND start >= ? ORDER BY start",
                      {person, from}, [&](const Database::Row& row) {
                          out.push_back({row.text(0), row.integer(1), row.integer(2)});
                      });
    if (!run) return run.error();
    return out;
}

}  // namespace hort::store
