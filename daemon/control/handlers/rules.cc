// Rule files: bundles that are installed, and the keys that may sign them.
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "platform/local_socket.h"
#include "platform/mapped_file.h"

namespace hort::control::handlers {

using nlohmann::json;

void rules_install(Household& household, const Caller& caller, const json& params, Answer answer) {
    const bool is_trial = params.value("dry-run", false);
    const auto read = [file = caller.file, path = params.at("bundle").get<std::string>()](std::size_t limit) {
        return file ? file->read(path, limit) : platform::read_file(path, limit);
    };
    household.keeper.install(read, by(caller), is_trial,
                             [answer, is_trial](Result<hort::lists::InstalledBundle> installed) {
                                 if (!installed) return answer(installed.error());
                                 const auto what = installed->name + " serial " + std::to_string(installed->serial);
                                 const auto& changes = installed->changes;
                                 answer(json{{"message", is_trial ? what + " would change:" : what + " is in force."},
                                             {"name", installed->name},
                                             {"serial", installed->serial},
                                             {"profiles", changes.profiles},
                                             {"names", changes.names},
                                             {"added_names", changes.added_names},
                                             {"removed_names", changes.removed_names}});
                             });
}

void rules_uninstall(Household& household, const Caller& caller, const json& params, Answer answer) {
    const auto name = params.at("name").get<std::string>();
    if (auto removed = household.records.remove_bundle(name, by(caller)); !removed) return answer(removed.error());
    household.keeper.reload([answer, name](const Status& done) {
        if (!done) return answer(done.error());
        answer(json{{"message", name + " is out of force."}});
    });
}

Result<json> rules_status(Household& household, const Caller&, const json&) {
    const auto bundles = household.records.bundles();
    const auto keys = household.records.trusted_keys();
    if (!bundles || !keys) return bundles ? keys.error() : bundles.error();
    json out = {{"rule_files", json::array()}, {"trusted_keys", json::array()}};
    for (const auto& bundle : *bundles) {
        json row = {{"name", bundle.name},     {"serial", bundle.serial},       {"key", bundle.key},   {"title", ""},
                    {"groups", json::array()}, {"installed", bundle.installed}, {"is_in_force", false}};
        for (const auto& file : household.keeper.rule_files())
            if (file.name == bundle.name && file.serial == bundle.serial) {
                row["title"] = file.title;
                row["is_in_force"] = true;
                for (const auto& group : file.groups) row["groups"].push_back(group.name);
            }
        out["rule_files"].push_back(std::move(row));
    }
    for (const auto& key : *keys) out["trusted_keys"].push_back({{"key", key.key}, {"title", key.title}});
    return out;
}

Result<json> rules_trust(Household& household, const Caller& caller, const json& params) {
    const auto key = parse_public_key(params.at("key").get<std::string>());
    if (!key) return key.error();
    const auto text = text_of(*key);
    if (auto done = household.records.trust({text, params.value("title", "")}, by(caller)); !done) return done.error();
    return json{{"message", "Bundles that are signed by " + text + " may be installed."}};
}

Result<json> rules_distrust(Household& household, const Caller& caller, const json& params) {
    const auto key = parse_public_key(params.at("key").get<std::string>());
    if (!key) return key.error();
    const auto text = text_of(*key);
    if (auto done = household.records.distrust(text, by(caller)); !done) return done.error();
    return json{{"message", text + " is not trusted any more."}};
}

}  // namespace hort::control::handlers
