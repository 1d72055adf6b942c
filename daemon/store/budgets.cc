#include "daemon/store/budgets.h"

#include "daemon/store/people.h"

namespace hort::store {

Result<std::vector<BudgetRecord>> Budgets::all() const {
    std::vector<BudgetRecord> out;
    const auto read =
        database_.run("SELECT person, scope, amounts, period, carries_over, since FROM budgets ORDER BY id", {},
                      [&](const Database::Row& row) {
                          const auto period = parse_period(row.text(3));
                          if (period)
                              out.push_back({row.integer(0), row.text(1), row.text(2), *period, row.integer(4) != 0,
                                             static_cast<Day>(row.integer(5))});
                      });
    if (!read) return read.error();
    return out;
}

Result<std::vector<UncountedRecord>> Budgets::uncounted() const {
    std::vector<UncountedRecord> out;
    const auto read =
        database_.run("SELECT person, subject FROM uncounted ORDER BY subject", {}, [&](const Database::Row& row) {
            out.push_back({row.integer(0), row.text(1)});
        });
    if (!read) return read.error();
    return out;
}

Result<std::vector<BreakRow>> Budgets::breaks() const {
    std::vector<BreakRow> out;
    const auto read = database_.run("SELECT person, after, length FROM breaks", {}, [&](const Database::Row& row) {
        out.push_back({row.integer(0), row.integer(1), row.integer(2)});
    });
    if (!read) return read.error();
    return out;
}

Status Budgets::set(const std::string& name, const BudgetRecord& record, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto person = People(database_).find(name);
        if (!person) return person.error();
        const auto run = database_.run(
            "INSERT INTO budgets (person, scope, period, amounts, carries_over, since) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (person, scope, period) DO UPDATE SET amounts = excluded.amounts, carries_over = "
            "excluded.carries_over",
            {person->id, record.scope, name_of(record.period), record.amounts, std::int64_t{record.carries_over},
             std::int64_t{record.since}});
        if (!run) return run.error();
        return trail.is("budget set", person->name + " " + record.scope + " " + record.amounts + " per " +
                                          std::string(name_of(record.period)));
    });
}

Status Budgets::clear(const std::string& name, const std::string& scope, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto person = People(database_).find(name);
        if (!person) return person.error();
        const auto run = database_.run("DELETE FROM budgets WHERE person = ? AND scope = ?", {person->id, scope});
        if (!run) return run.error();
        if (*run == 0)
            return Error{person->name + " has no budget of " + scope,
                         {},
                         "'hortctl budget " + person->name + "' shows the budgets"};
        return trail.is("budget clear", person->name + " " + scope);
    });
}

Status Budgets::set_counting(const std::string& name, const std::vector<std::string>& subjects, bool counts,
                             const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto person = People(database_).find(name);
        if (!person) return person.error();
        std::string said = person->name;
        for (const auto& subject : subjects) {
            const auto run = database_.run(counts ? "DELETE FROM uncounted WHERE person = ? AND subject = ?"
                                                  : "INSERT OR IGNORE INTO uncounted (person, subject) VALUES (?, ?)",
                                           {person->id, subject});
            if (!run) return run.error();
            if (counts && *run == 0)
                return Error{subject + " counts for " + person->name + " already",
                             {},
                             "'hortctl budget " + person->name + "' shows what does not count"};
            said += " " + subject;
        }
        return trail.is(counts ? "budget count" : "budget exempt", said);
    });
}

Status Budgets::set_break(const std::string& name, std::int64_t after, std::int64_t length, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto person = People(database_).find(name);
        if (!person) return person.error();
        const auto run = length > 0
                             ? database_.run("INSERT OR REPLACE INTO breaks (person, after, length) VALUES (?, ?, ?)",
                                             {person->id, after, length})
                             : database_.run("DELETE FROM breaks WHERE person = ?", {person->id});
        if (!run) return run.error();
        if (*run == 0) return Error{person->name + " has no breaks", {}, {}};
        return trail.is(length > 0 ? "breaks set" : "breaks clear", person->name);
    });
}

}  // namespace hort::store
