#include "daemon/store/backup.h"

#include <array>
#include <nlohmann/json.hpp>

#include "daemon/device.h"
#include "daemon/store/activity.h"
#include "daemon/store/local_records.h"
#include "daemon/store/people.h"
#include "daemon/store/usage_records.h"
#include "daemon/switches.h"
#include "rules/decision.h"
#include "rules/time_text.h"

namespace hort::store {
namespace {

using nlohmann::json;

constexpr int format = 1;

enum class Kind : std::uint8_t { text, number };
struct Column {
    const char* name;
    Kind kind;
};
// What belongs to a person, row by row. The column "person" comes on top.
struct Part {
    const char* name;  // in the document
    const char* table;
    std::vector<Column> columns;
    bool is_use;  // what was used and asked, not what was set
};
const std::vector<Part>& parts() {
    constexpr auto text = Kind::text, number = Kind::number;
    static const std::vector<Part> all = {
        {"accounts", "accounts", {{"account", text}}, false},
        {"devices", "devices", {{"address", text}}, false},
        {"switches", "switches", {{"name", text}, {"value", text}}, false},
        {"rules",
         "rules",
         {{"subject", text}, {"is_category", number}, {"verdict", text}, {"is_always", number}},
         false},
        {"hours", "hours", {{"subject", text}, {"days", text}, {"windows", text}}, false},
        {"budgets",
         "budgets",
         {{"scope", text}, {"period", text}, {"amounts", text}, {"carries_over", number}, {"since", number}},
         false},
        {"uncounted", "uncounted", {{"subject", text}}, false},
        {"breaks", "breaks", {{"after", number}, {"length", number}}, false},
        {"reserves", "reserves", {{"day", number}, {"scope", text}, {"seconds", number}}, true},
        {"usage", "usage", {{"day", number}, {"scope", text}, {"seconds", number}}, true},
        {"spans", "spans", {{"scope", text}, {"start", number}, {"seconds", number}}, true},
        {"requests",
         "requests",
         {{"kind", text},
          {"subject", text},
          {"seconds", number},
          {"why", text},
          {"made", number},
          {"state", text},
          {"answer", text},
          {"answered", number}},
         true},
        {"activity_counts",
         "activity_counts",
         {{"time", number},
          {"channel", text},
          {"verdict", text},
          {"reason", text},
          {"category", text},
          {"count", number}},
         true},
        {"activity",
         "activity",
         {{"time", number},
          {"channel", text},
          {"verdict", text},
          {"reason", text},
          {"category", text},
          {"host", text},
          {"count", number}},
         true},
    };
    return all;
}

std::string listed(const Part& part) {
    std::string out;
    for (const auto& column : part.columns) out += (out.empty() ? "" : ", ") + std::string(column.name);
    return out;
}

json value_of(const Database::Row& row, int column, Kind kind) {
    return kind == Kind::text ? json(row.text(column)) : json(row.integer(column));
}

bool is_plain_name(const std::string& text) {
    if (text.empty() || text.size() > 32) return false;
    for (const char c : text)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    return true;
}

bool is_subject(const std::string& text) {
    if (WebRule::is_meant(text)) return static_cast<bool>(WebRule::parse(text));
    if (text.starts_with("program:")) return is_program_name(std::string_view(text).substr(8));
    if (Taxonomy::shipped().find(text) || Services::shipped().find(text) != nullptr) return true;
    const auto host = Hostname::parse(text);
    return host && (host->label_count() >= 2 || is_plain_name(text));  // a rule file's service
}

bool are_subjects(std::string text) {
    for (std::size_t at = 0; at <= text.size();) {
        const auto comma = std::min(text.find(',', at), text.size());
        if (const auto one = text.substr(at, comma - at);
            one != device_key && one != uncounted_key && !is_subject(one) &&
            !(one.starts_with(application_key) && one.size() > application_key.size()))
            return false;
        at = comma + 1;
    }
    return true;
}

// Why a value cannot stand there; empty: it can.
std::string fault_of(const Part& part, const Column& column, const json& value) {
    if (column.kind == Kind::number)
        return value.is_number_integer() && value >= 0 && value <= 1'000'000'000'000 ? "" : "expected a number";
    if (!value.is_string()) return "expected text";
    const auto text = value.get<std::string>();
    if (text.size() > 1000) return "longer than 1000 octets";
    const std::string name = column.name, table = part.table;
    if (name == "account" && !is_plain_name(text)) return "no name of an account";
    if (name == "address") {
        const auto device = Device::parse(text);
        if (!device || device->text != text) return "no device in its usual form";
    }
    if (name == "windows" && !parse_windows(text)) return "no hours";
    if (name == "days" && !parse_weekday(text) && !parse_days(text)) return "no days";
    if (name == "period" && !parse_period(text)) return "no period";
    if (name == "amounts" && !parse_amounts(text) && !parse_amount(text)) return "no amount";
    if (name == "verdict" && table.starts_with("activity"))
        return parse_activity_verdict(text) ? "" : "expected allow, block or watch";
    if (name == "verdict" && text != "allow" && text != "block") return "expected allow or block";
    if (name == "kind" && text != "time" && text != "site") return "expected time or site";
    if (name == "state" && text != "open" && text != "approved" && text != "denied") return "no state of a request";
    if (name == "channel" && text != "dns" && text != "proxy") return "expected dns or proxy";
    if (name == "reason" && !parse_reason(text)) return "no reason of a decision";
    if (name == "category" && !text.empty() && !Taxonomy::shipped().find(text)) return "no category";
    if (name == "host" && !text.empty() && !Hostname::parse(text)) return "no host name";
    if (name == "scope" && !are_subjects(text)) return "no scope of a budget";
    if (name == "subject" && table != "requests" && !(table == "hours" && text.empty()) && !is_subject(text))
        return "neither a site, a service nor a category";
    return {};
}

Status put_part(Database& database, const Part& part, std::int64_t person, const json& rows, const std::string& where) {
    if (!rows.is_array()) return Error{"not an array", where, {}};
    const std::string names = listed(part);
    std::string marks;
    for (std::size_t i = 0; i < part.columns.size(); ++i) marks += ", ?";
    const auto sql = "INSERT INTO " + std::string(part.table) + " (person, " + names + ") VALUES (?" + marks + ")";
    int index = 0;
    for (const auto& row : rows) {
        const auto place = where + "[" + std::to_string(index++) + "]";
        if (!row.is_object()) return Error{"not an object", place, {}};
        std::vector<std::string> texts;
        texts.reserve(part.columns.size());
        std::vector<Database::Value> values = {person};
        for (const auto& column : part.columns) {
            const auto it = row.find(column.name);
            if (it == row.end()) return Error{"a member is missing", place + "." + column.name, {}};
            if (auto fault = fault_of(part, column, *it); !fault.empty())
                return Error{fault, place + "." + column.name, {}};
            if (column.kind == Kind::text)
                values.emplace_back(texts.emplace_back(it->get<std::string>()));
            else
                values.emplace_back(it->get<std::int64_t>());
        }
        if (Profile any; std::string_view(part.table) == "switches" && !put_switch(any, texts[0], texts[1]))
            return Error{"no such switch, or no value of it", place, {}};
        if (const auto run = database.run(sql.c_str(), values); !run) return Error{run.error().what, place, {}};
    }
    return Done{};
}

}  // namespace

Result<json> export_household(Database& database, const std::string& name) {
    json out = {{"hort_export", format}, {"people", json::array()}};
    const People people(database);
    const auto everyone = people.all();
    if (!everyone) return everyone.error();
    if (!name.empty())
        if (const auto one = people.find(name); !one) return one.error();
    const auto only = name.empty() ? 0 : people.find(name)->id;
    for (const auto& person : *everyone) {
        if (only != 0 && person.id != only) continue;
        std::string parent;
        for (const auto& other : *everyone)
            if (other.id == person.parent) parent = other.name;
        json one = {{"name", person.name},
                    {"kind", person.is_profile ? "profile" : "person"},
                    {"tier", name_of(person.tier)},
                    {"born", person.born},
                    {"at_end", person.at_end},
                    {"detail", person.detail},
                    {"follows", parent}};
        for (const auto& part : parts()) {
            json rows = json::array();
            const auto sql =
                "SELECT " + listed(part) + " FROM " + part.table + " WHERE person = ? ORDER BY " + listed(part);
            const auto read = database.run(sql.c_str(), {person.id}, [&](const Database::Row& row) {
                json entry;
                for (std::size_t i = 0; i < part.columns.size(); ++i)
                    entry[part.columns[i].name] = value_of(row, static_cast<int>(i), part.columns[i].kind);
                rows.push_back(std::move(entry));
            });
            if (!read) return read.error();
            one[part.name] = std::move(rows);
        }
        out["people"].push_back(std::move(one));
    }
    if (only != 0) return out;
    out["settings"] = json::object();
    out["names"] = json::array();
    out["subscriptions"] = json::array();
    out["trusted_keys"] = json::array();
    auto read = database.run(
        "SELECT key, value FROM settings WHERE key NOT IN ('image_salt', 'ledger_clock', 'pin') ORDER BY key", {},
        [&](const Database::Row& row) { out["settings"][row.text(0)] = row.text(1); });
    if (read)
        read = database.run("SELECT url, kind, category, format, scope, title FROM subscriptions ORDER BY id", {},
                            [&](const Database::Row& row) {
                                out["subscriptions"].push_back({{"url", row.text(0)},
                                                                {"kind", row.text(1)},
                                                                {"category", row.text(2)},
                                                                {"format", row.text(3)},
                                                                {"scope", row.text(4)},
                                                                {"title", row.text(5)}});
                            });
    if (read)
        read = database.run("SELECT key, title FROM trusted_keys ORDER BY key", {}, [&](const Database::Row& row) {
            out["trusted_keys"].push_back({{"key", row.text(0)}, {"title", row.text(1)}});
        });
    if (!read) return read.error();
    const auto records = LocalRecords(database).all();
    if (!records) return records.error();
    for (const auto& record : *records)
        out["names"].push_back({{"name", record.name}, {"type", record.type}, {"value", record.value}});
    return out;
}

Result<std::string> import_household(Database& database, const json& document, bool replaces, const By& by) {
    if (!document.is_object() || document.value("hort_export", json()) != format ||
        !document.value("people", json()).is_array())
        return Error{"not an export of Hort", "document", "'hortctl export' writes such a file"};
    std::size_t count = 0;
    const auto done = change_settings(database, by, [&](Said& trail) -> Status {
        std::int64_t present = 0;
        auto run = database.run("SELECT count(*) FROM people WHERE kind = 'person'", {},
                                [&](const Database::Row& row) { present = row.integer(0); });
        if (!run) return run.error();
        if (present > 0 && !replaces)
            return Error{"there are people in this household already", "people",
                         "--replace takes the file's instead of them; 'hortctl export' keeps a copy before"};
        for (const char* sql : {"UPDATE people SET parent = NULL", "DELETE FROM people"})
            if (run = database.run(sql); !run) return run.error();
        std::map<std::string, std::int64_t> ids;
        std::vector<std::pair<std::int64_t, std::string>> follows;
        int index = 0;
        for (const auto& person : document["people"]) {
            const auto where = "people[" + std::to_string(index++) + "]";
            if (!person.is_object()) return Error{"not an object", where, {}};
            std::map<std::string, std::string> text;
            for (const char* key : {"name", "kind", "tier", "born", "at_end", "detail", "follows"}) {
                const auto value = person.value(key, json());
                if (!value.is_string()) return Error{"expected text", where + "." + key, {}};
                text[key] = value.get<std::string>();
            }
            if (!is_plain_name(text["name"])) return Error{"no name", where + ".name", {}};
            if (!parse_tier(text["tier"])) return Error{"no age tier", where + ".tier", {}};
            if (!text["born"].empty() && !parse_day(text["born"])) return Error{"no day", where + ".born", {}};
            run =
                database.run("INSERT INTO people (name, kind, tier, born, at_end, detail) VALUES (?, ?, ?, ?, ?, ?)",
                             {text["name"], text["kind"], text["tier"], text["born"], text["at_end"], text["detail"]});
            if (!run) return Error{run.error().what, where, {}};
            const auto id = database.last_id();
            ids[text["name"]] = id;
            if (!text["follows"].empty()) follows.emplace_back(id, text["follows"]);
            for (const auto& part : parts())
                if (auto put =
                        put_part(database, part, id, person.value(part.name, json::array()), where + "." + part.name);
                    !put)
                    return put;
            if (text["kind"] == "person") ++count;
        }
        for (const auto& [id, name] : follows) {
            if (!ids.contains(name)) return Error{"there is no profile " + name.substr(0, 40), "people", {}};
            if (run = database.run("UPDATE people SET parent = ? WHERE id = ?", {ids[name], id}); !run)
                return run.error();
        }
        if (run = database.run(
                "INSERT OR IGNORE INTO people (name, tier, kind) VALUES ('household', '16-17', 'profile')");
            !run)
            return run.error();
        for (const auto& key : document.value("trusted_keys", json::array())) {
            if (!key.is_object() || !key.value("key", json()).is_string() || !key.value("title", json()).is_string())
                return Error{"no key", "trusted_keys", {}};
            run = database.run("INSERT OR IGNORE INTO trusted_keys (key, title) VALUES (?, ?)",
                               {key["key"].get<std::string>(), key["title"].get<std::string>()});
            if (!run) return run.error();
        }
        for (const auto& entry : document.value("names", json::array())) {
            std::map<std::string, std::string> text;
            for (const char* key : {"name", "type", "value"}) {
                const auto value = entry.is_object() ? entry.value(key, json()) : json();
                if (!value.is_string()) return Error{"expected text", std::string("names.") + key, {}};
                text[key] = value.get<std::string>();
            }
            const auto record = LocalRecord::parse(text["name"], text["type"], text["value"]);
            if (!record) return Error{record.error().text(), "names", {}};
            run = database.run("INSERT OR IGNORE INTO local_records (name, type, value) VALUES (?, ?, ?)",
                               {record->name, record->type, record->value});
            if (!run) return Error{run.error().what, "names", {}};
        }
        for (const auto& list : document.value("subscriptions", json::array())) {
            std::map<std::string, std::string> text;
            for (const char* key : {"url", "kind", "category", "format", "scope", "title"}) {
                const auto value = list.is_object() ? list.value(key, json()) : json();
                if (!value.is_string()) return Error{"expected text", std::string("subscriptions.") + key, {}};
                text[key] = value.get<std::string>();
            }
            run = database.run(
                "INSERT OR IGNORE INTO subscriptions (url, kind, category, format, scope, title) VALUES (?, ?, ?, ?, "
                "?, ?)",
                {text["url"], text["kind"], text["category"], text["format"], text["scope"], text["title"]});
            if (!run) return Error{run.error().what, "subscriptions", {}};
        }
        return trail.is("import", std::to_string(count) + " people");
    });
    if (!done) return done.error();
    return std::to_string(count) + (count == 1 ? " person is" : " people are") +
           " taken over with all rules and times. Settings of this machine (listeners, the PIN) stay as they are.";
}

}  // namespace hort::store
