#include "daemon/store/local_records.h"

namespace hort::store {

Result<std::vector<LocalRecord>> LocalRecords::all() const {
    std::vector<LocalRecord> out;
    const auto read = database_.run("SELECT name, type, value FROM local_records ORDER BY name, type, value", {},
                                    [&](const Database::Row& row) {
                                        out.push_back({row.text(0), row.text(1), row.text(2)});
                                    });
    if (!read) return read.error();
    return out;
}

Status LocalRecords::add(const LocalRecord& record, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        std::string fault;
        // An alias that leads back to itself leads nowhere.
        auto target = record.type == "CNAME" ? record.value : std::string();
        for (int i = 0; i < 8 && !target.empty() && fault.empty(); ++i) {
            if (target == record.name) fault = record.name + " would be an alias of itself";
            std::string next;
            const auto read = database_.run("SELECT value FROM local_records WHERE name = ? AND type = 'CNAME'",
                                            {target}, [&](const Database::Row& row) { next = row.text(0); });
            if (!read) return read.error();
            target = next;
        }
        auto run = database_.run("SELECT type, value FROM local_records WHERE name = ?", {record.name},
                                 [&](const Database::Row& row) {
                                     if (row.text(0) == record.type && row.text(1) == record.value)
                                         fault = record.name + " has this record already";
                                     else if (fault.empty() && (row.text(0) == "CNAME" || record.type == "CNAME"))
                                         fault = record.name + " has other records, and an alias stands alone";
                                 });
        if (!fault.empty()) return Error{fault, {}, "'hortctl name remove " + record.name + "' takes them away"};
        if (run)
            run = database_.run("INSERT INTO local_records (name, type, value) VALUES (?, ?, ?)",
                                {record.name, record.type, record.value});
        if (!run) return run.error();
        return trail.is("name add", record.name + " " + record.type + " " + record.value);
    });
}

Status LocalRecords::remove(const std::string& name, const std::string& type, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto run = type.empty()
                             ? database_.run("DELETE FROM local_records WHERE name = ?", {name})
                             : database_.run("DELETE FROM local_records WHERE name = ? AND type = ?", {name, type});
        if (!run) return run.error();
        if (*run == 0) return Error{"there is no record of " + name, {}, "'hortctl name list' shows them all"};
        return trail.is("name remove", name + (type.empty() ? "" : " " + type));
    });
}

}  // namespace hort::store
