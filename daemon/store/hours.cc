#include "daemon/store/hours.h"

#include "daemon/store/people.h"

namespace hort::store {

Result<std::vector<HoursRecord>> Hours::all() const {
    std::vector<HoursRecord> out;
    const auto read = database_.run("SELECT person, subject, days, windows FROM hours ORDER BY id", {},
                                    [&](const Database::Row& row) {
                                        out.push_back({row.integer(0), row.text(1), row.text(2), row.text(3)});
                                    });
    if (!read) return read.error();
    return out;
}

Status Hours::set(const std::string& name, const HoursRecord& record, const std::vector<std::string>& days,
                  const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto person = People(database_).find(name);
        if (!person) return person.error();
        std::string said;
        for (const auto& day : days) {
            auto run = database_.run("DELETE FROM hours WHERE person = ? AND subject = ? AND days = ?",
                                     {person->id, record.subject, day});
            if (run)
                run = database_.run("INSERT INTO hours (person, subject, days, windows) VALUES (?, ?, ?, ?)",
                                    {person->id, record.subject, day, record.windows});
            if (!run) return run.error();
            said += (said.empty() ? "" : ",") + day;
        }
        return trail.is("hours set", person->name + (record.subject.empty() ? "" : " " + record.subject) + " " + said +
                                         " " + record.windows);
    });
}

Status Hours::clear(const std::string& name, const std::string& subject, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto person = People(database_).find(name);
        if (!person) return person.error();
        const auto run = database_.run("DELETE FROM hours WHERE person = ? AND subject = ?", {person->id, subject});
        if (!run) return run.error();
        if (*run == 0)
            return Error{person->name + " has no hours" + (subject.empty() ? "" : " for " + subject), {}, {}};
        return trail.is("hours clear", person->name + (subject.empty() ? "" : " " + subject));
    });
}

}  // namespace hort::store
