// What concerns the household as a whole: profiles, settings, the trail of changes, moving and erasing data.
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "daemon/settings.h"
#include "daemon/store/backup.h"
#include "platform/clock.h"
#include "platform/local_socket.h"
#include "platform/mapped_file.h"
#include "rules/local_time.h"

namespace hort::control::handlers {

using nlohmann::json;

Result<json> profile_add(Household& household, const Caller& caller, const json& params) {
    store::PersonRecord profile;
    profile.name = params.at("name");
    profile.is_profile = true;
    if (auto done = household.people.add(profile, by(caller)); !done) return done.error();
    return in_force(household, {{"message", "The profile " + profile.name + " is added: 'hortctl block " +
                                                profile.name + " SITE', 'hortctl hours set " + profile.name +
                                                " ...' fill it, and 'hortctl child set CHILD --profile " +
                                                profile.name + "' gives it to a child."}});
}

Result<json> profile_list(Household& household, const Caller&, const json&) {
    const auto everyone = household.people.all();
    if (!everyone) return everyone.error();
    json out = {{"profiles", json::array()}};
    for (const auto& profile : *everyone) {
        if (!profile.is_profile) continue;
        json followers = json::array();
        for (const auto& person : *everyone)
            if (person.parent == profile.id) followers.push_back(person.name);
        out["profiles"].push_back(
            {{"name", profile.name}, {"rules", profile.rules.size()}, {"followers", std::move(followers)}});
    }
    return out;
}

Result<json> settings(Household& household, const Caller&, const json&) {
    json out = {{"settings", json::array()}};
    for (const auto& entry : Settings(household.people).all())
        out["settings"].push_back({{"name", entry.name},
                                   {"value", entry.value.empty() ? entry.unset : entry.value},
                                   {"is_default", entry.value.empty()},
                                   {"help", entry.help}});
    return out;
}

Result<json> settings_set(Household& household, const Caller& caller, const json& params) {
    const auto name = params.at("name").get<std::string>();
    const auto value = Settings::check(name, params.at("value").get<std::string>());
    if (!value) return value.error();
    if (auto done = household.people.set_setting(name, *value, by(caller)); !done) return done.error();
    auto out = in_force(household, {{"message", name + " is " + *value + "."}});
    if (!out || name != "log-level") return out;
    // What a lower level does not keep goes at once.
    household.flush_activity();
    const auto level = Settings(household.people).log_level();
    if (auto done =
            household.activity.reduce(level >= LogLevel::counts, level >= LogLevel::blocked, level >= LogLevel::full);
        !done)
        return done.error();
    return out;
}

Result<json> audit(Household& household, const Caller&, const json& params) {
    const auto changes = store::newest_changes(household.database, params.value("limit", 20));
    if (!changes) return changes.error();
    json out = {{"changes", json::array()}};
    for (const auto& change : *changes)
        out["changes"].push_back({{"time", change.time},
                                  {"actor", change.actor},
                                  {"action", change.action},
                                  {"detail", change.detail},
                                  {"before", change.before},
                                  {"after", change.after}});
    return out;
}

Result<json> export_all(Household& household, const Caller&, const json& params) {
    household.timekeeper.catch_up();
    household.timekeeper.flush();
    household.flush_activity();
    return store::export_household(household.database, params.value("child", ""));
}

Result<json> import_all(Household& household, const Caller& caller, const json& params) {
    constexpr std::size_t largest = 64 << 20;
    const auto path = params.at("file").get<std::string>();
    const auto text = caller.file ? caller.file->read(path, largest) : platform::read_file(path, largest);
    if (!text) return text.error();
    const auto content = json::parse(*text, nullptr, false);
    if (content.is_discarded()) return Error{"the file is not JSON", path, "'hortctl export' writes such a file"};
    const auto done = store::import_household(household.database, content, params.value("replace", false), by(caller));
    if (!done) return Error{done.error().what, path + ": " + done.error().where, done.error().hint};
    if (auto names = household.put_names_in_force(); !names) return names.error();
    return in_force(household, {{"message", *done}});
}

Result<json> erase(Household& household, const Caller& caller, const json& params) {
    const auto person = household.people.find(params.at("child").get<std::string>());
    if (!person) return person.error();
    household.timekeeper.catch_up();
    household.timekeeper.flush();
    household.flush_activity();
    if (auto done = household.people.erase(person->name, by(caller)); !done) return done.error();
    return in_force(household, {{"message", "What " + person->name +
                                                " used, asked for and was refused is erased. The rules stay: 'hortctl "
                                                "child remove " +
                                                person->name + "' takes them away, too."}});
}

}  // namespace hort::control::handlers
