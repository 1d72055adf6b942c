#include "daemon/store/people.h"

#include <algorithm>

namespace hort::store {
namespace {

Error nobody(const std::string& name) {
    return Error{"there is no child called " + name, {}, "'hortctl child list' shows who there is"};
}

std::string listed(const std::vector<std::string>& items) {
    std::string out;
    for (const auto& item : items) out += " " + item;
    return out;
}

// Binds accounts and devices; an error when one belongs to somebody already.
Status bind_all(Database& database, std::int64_t id, const std::vector<std::string>& accounts,
                const std::vector<std::string>& devices) {
    const auto bind = [&](const char* look, const char* insert, const std::string& value, const char* what) -> Status {
        std::string owner;
        auto looked = database.run(look, {value}, [&](const Database::Row& row) { owner = row.text(0); });
        if (!owner.empty()) return Error{std::string(what) + " " + value + " belongs to " + owner + " already", {}, {}};
        if (looked) looked = database.run(insert, {value, id});
        return looked ? Status(Done{}) : Status(looked.error());
    };
    for (const auto& account : accounts)
        if (auto bound = bind("SELECT name FROM people JOIN accounts ON person = people.id WHERE account = ?",
                              "INSERT INTO accounts (account, person) VALUES (?, ?)", account, "the account");
            !bound)
            return bound;
    for (const auto& device : devices)
        if (auto bound = bind("SELECT name FROM people JOIN devices ON person = people.id WHERE address = ?",
                              "INSERT INTO devices (address, person) VALUES (?, ?)", device, "the device");
            !bound)
            return bound;
    return Done{};
}

}  // namespace

Result<std::vector<PersonRecord>> People::all() const {
    std::vector<PersonRecord> out;
    std::string bad_tier;
    const auto by_id = [&](std::int64_t id) -> PersonRecord& {
        return *std::find_if(out.begin(), out.end(), [&](auto& p) { return p.id == id; });
    };
    auto read = database_.run(
        "SELECT id, name, tier, kind = 'profile', COALESCE(parent, 0), born, at_end, detail FROM people ORDER BY kind, "
        "name",
        {}, [&](const Database::Row& row) {
            const auto tier = parse_tier(row.text(2));
            if (!tier)
                bad_tier = row.text(1);
            else
                out.push_back({row.integer(0),
                               row.text(1),
                               *tier,
                               {},
                               {},
                               {},
                               row.integer(3) != 0,
                               row.integer(4),
                               row.text(5),
                               row.text(6),
                               row.text(7),
                               {}});
        });
    if (!bad_tier.empty()) return Error{"the age tier of " + bad_tier + " is none", "database", {}};
    if (read)
        read = database_.run("SELECT person, account FROM accounts ORDER BY account", {},
                             [&](const Database::Row& row) { by_id(row.integer(0)).accounts.push_back(row.text(1)); });
    if (read)
        read = database_.run("SELECT person, address FROM devices ORDER BY address", {},
                             [&](const Database::Row& row) { by_id(row.integer(0)).devices.push_back(row.text(1)); });
    if (read)
        read = database_.run(
            "SELECT person, subject, is_category, verdict, is_always FROM rules ORDER BY is_category, subject", {},
            [&](const Database::Row& row) {
                by_id(row.integer(0))
                    .rules.push_back({row.text(1), row.integer(2) != 0,
                                      row.text(3) == "allow" ? Verdict::allow : Verdict::block, row.integer(4) != 0});
            });
    if (read)
        read = database_.run("SELECT person, name, value FROM switches", {}, [&](const Database::Row& row) {
            by_id(row.integer(0)).switches[row.text(1)] = row.text(2);
        });
    if (!read) return read.error();
    return out;
}

Result<PersonRecord> People::find(const std::string& name) const {
    std::int64_t id = 0;
    auto read = database_.run("SELECT id FROM people WHERE name = ?", {name},
                              [&](const Database::Row& row) { id = row.integer(0); });
    if (!read) return read.error();
    auto everyone = all();
    if (!everyone) return everyone.error();
    for (auto& person : *everyone)
        if (person.id == id) return person;
    return nobody(name);
}

Status People::add(const PersonRecord& person, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        bool exists = false;
        auto done = database_.run("SELECT 1 FROM people WHERE name = ?", {person.name},
                                  [&](const Database::Row&) { exists = true; });
        if (exists)
            return Error{
                person.name + " exists already", {}, "'hortctl child show " + person.name + "' shows the rules"};
        if (done)
            done = database_.run(
                "INSERT INTO people (name, tier, kind, born) VALUES (?, ?, ?, ?)",
                {person.name, name_of(person.tier), person.is_profile ? "profile" : "person", person.born});
        if (done && person.parent != 0)
            done = database_.run("UPDATE people SET parent = ? WHERE name = ?", {person.parent, person.name});
        if (!done) return done.error();
        if (auto bound = bind_all(database_, database_.last_id(), person.accounts, person.devices); !bound)
            return bound;
        return trail.is(person.is_profile ? "profile add" : "child add",
                        person.name + " tier " + std::string(name_of(person.tier)) + listed(person.accounts) +
                            listed(person.devices));
    });
}

Status People::remove(const std::string& name, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto person = find(name);
        if (!person) return person.error();
        auto done = database_.run("UPDATE people SET parent = NULL WHERE parent = ?", {person->id});
        if (done) done = database_.run("DELETE FROM people WHERE id = ?", {person->id});
        if (!done) return done.error();
        return trail.is(person->is_profile ? "profile remove" : "child remove", person->name);
    });
}

Status People::change(const std::string& name, const PersonChange& change, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto person = find(name);
        if (!person) return person.error();
        for (const auto& item : change.unbind) {
            int count = 0;
            for (const char* sql : {"DELETE FROM accounts WHERE person = ? AND account = ?",
                                    "DELETE FROM devices WHERE person = ? AND address = ?"}) {
                const auto run = database_.run(sql, {person->id, item});
                if (!run) return run.error();
                count += *run;
            }
            if (count == 0) return Error{item + " is neither an account nor a device of " + person->name, {}, {}};
        }
        if (auto bound = bind_all(database_, person->id, change.accounts, change.devices); !bound) return bound;
        std::string said = person->name;
        if (change.tier) {
            const auto run =
                database_.run("UPDATE people SET tier = ? WHERE id = ?", {name_of(*change.tier), person->id});
            if (!run) return run.error();
            said += " tier " + std::string(name_of(person->tier)) + " to " + std::string(name_of(*change.tier));
        }
        const auto set = [&](const char* sql, const std::optional<std::string>& value, const char* what) -> Status {
            if (!value) return Done{};
            const auto run = database_.run(sql, {*value, person->id});
            if (!run) return run.error();
            said += std::string(" ") + what + " " + *value;
            return Done{};
        };
        if (auto done = set("UPDATE people SET born = ? WHERE id = ?", change.born, "born"); !done) return done;
        if (auto done = set("UPDATE people SET at_end = ? WHERE id = ?", change.at_end, "at the end"); !done)
            return done;
        if (auto done = set("UPDATE people SET detail = ? WHERE id = ?", change.detail, "keeps"); !done) return done;
        if (change.parent) {
            const auto run =
                *change.parent == 0
                    ? database_.run("UPDATE people SET parent = NULL WHERE id = ?", {person->id})
                    : database_.run("UPDATE people SET parent = ? WHERE id = ?", {*change.parent, person->id});
            if (!run) return run.error();
            said += " profile";
        }
        for (const auto& [key, value] : change.switches) {
            const auto run =
                value.empty() ? database_.run("DELETE FROM switches WHERE person = ? AND name = ?", {person->id, key})
                              : database_.run("INSERT OR REPLACE INTO switches (person, name, value) VALUES (?, ?, ?)",
                                              {person->id, key, value});
            if (!run) return run.error();
            said += " " + key + " " + (value.empty() ? "as usual" : value);
        }
        said += listed(change.accounts) + listed(change.devices);
        for (const auto& item : change.unbind) said += " without " + item;
        return trail.is(person->is_profile ? "profile set" : "child set", said);
    });
}

Status People::set_rule(const std::string& name, const OwnRule& rule, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto person = find(name);
        if (!person) return person.error();
        const auto done = database_.run(
            "INSERT INTO rules (person, subject, is_category, verdict, is_always) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (person, is_category, subject) DO UPDATE SET verdict = excluded.verdict, is_always = "
            "excluded.is_always",
            {person->id, rule.subject, std::int64_t{rule.is_category}, name_of(rule.verdict),
             std::int64_t{rule.is_always}});
        if (!done) return done.error();
        return trail.is(std::string(name_of(rule.verdict)), person->name + " " + rule.subject);
    });
}

Status People::unset_rule(const std::string& name, const std::string& subject, bool is_category, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto person = find(name);
        if (!person) return person.error();
        const auto done = database_.run("DELETE FROM rules WHERE person = ? AND is_category = ? AND subject = ?",
                                        {person->id, std::int64_t{is_category}, subject});
        if (!done) return done.error();
        if (*done == 0)
            return Error{person->name + " has no own rule for " + subject,
                         {},
                         "'hortctl child show " + person->name + "' shows the rules"};
        return trail.is("unset", person->name + " " + subject);
    });
}

Result<std::string> People::setting(const std::string& key, const std::function<std::string()>& make) {
    std::string value;
    const auto look = [&] {
        return database_.run("SELECT value FROM settings WHERE key = ?", {key},
                             [&](const Database::Row& row) { value = row.text(0); });
    };
    auto done = look();
    if (done && value.empty()) {
        done = database_.run("INSERT OR IGNORE INTO settings (key, value) VALUES (?, ?)", {key, make()});
        if (done) done = look();
    }
    if (!done) return done.error();
    return value;
}

std::string People::setting(const std::string& key) const {
    std::string value;
    (void)database_.run("SELECT value FROM settings WHERE key = ?", {key},
                        [&](const Database::Row& row) { value = row.text(0); });
    return value;
}

Status People::set_setting(const std::string& key, const std::string& value, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto run =
            value.empty() ? database_.run("DELETE FROM settings WHERE key = ?", {key})
                          : database_.run("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", {key, value});
        if (!run) return run.error();
        return trail.is("settings", key);
    });
}

Status People::erase(const std::string& name, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto person = find(name);
        if (!person) return person.error();
        for (const char* sql : {"DELETE FROM usage WHERE person = ?", "DELETE FROM spans WHERE person = ?",
                                "DELETE FROM reserves WHERE person = ?", "DELETE FROM break_states WHERE person = ?",
                                "DELETE FROM requests WHERE person = ?", "DELETE FROM activity WHERE person = ?",
                                "DELETE FROM activity_counts WHERE person = ?"})
            if (const auto run = database_.run(sql, {person->id}); !run) return run.error();
        return trail.is("erase", person->name);
    });
}

}  // namespace hort::store
