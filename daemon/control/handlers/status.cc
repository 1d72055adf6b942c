// What is in force, the log, the version.
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "daemon/version.h"

namespace hort::control::handlers {

using nlohmann::json;

Result<json> version(Household&, const Caller&, const json&) { return json{{"version", hort::version}}; }

Result<json> status(Household& household, const Caller& caller, const json&) {
    const auto everyone = household.people.all();
    if (!everyone) return everyone.error();
    household.timekeeper.catch_up();
    const auto policy = household.policy.load();
    json out = {{"version", hort::version}, {"children", json::array()}};
    const bool sees_all = caller.role == ctl::Role::guardian;
    for (const auto& person : *everyone)
        if (!person.is_profile && (sees_all || person.name == caller.child))
            out["children"].push_back(child_json(household, person, *policy));
    if (!sees_all) return out;
    const auto& library = household.keeper.library();
    const auto& c = household.counters;
    out["dns"] = household.dns;
    out["proxy"] = household.proxy;
    out["upstreams"] = household.upstreams;
    out["names"] = policy->ruleset->entry_count();
    out["image_bytes"] = policy->ruleset->size_in_bytes();
    out["rule_count"] = policy->ruleset->rule_count();
    out["rule_files"] = json::array();
    for (const auto& file : household.keeper.rule_files())
        out["rule_files"].push_back({{"name", file.name}, {"serial", file.serial}, {"title", file.title}});
    out["list_count"] = library.lists.size();
    out["warnings"] = library.warnings;
    if (const auto requests = household.grants.requests(true)) out["open_requests"] = requests->size();
    out["counters"] = {{"dns_queries", c.dns_queries.load()},     {"dns_blocked", c.dns_blocked.load()},
                       {"dns_cached", c.dns_cached.load()},       {"dns_forwarded", c.dns_forwarded.load()},
                       {"dns_failed", c.dns_failed.load()},       {"proxy_requests", c.proxy_requests.load()},
                       {"proxy_blocked", c.proxy_blocked.load()}, {"proxy_refused", c.proxy_refused.load()}};
    return out;
}

Result<json> log(Household& household, const Caller&, const json& params) {
    const int limit = params.value("limit", 20);
    json out = {{"blocked", json::array()}, {"changes", json::array()}};
    for (const auto& entry : household.recent.newest(static_cast<std::size_t>(limit))) {
        json row = {{"time", entry.time},
                    {"child", entry.child.empty() ? "(unknown)" : entry.child},
                    {"channel", entry.channel == Channel::dns ? "dns" : "proxy"},
                    {"reason", name_of(entry.reason)},
                    {"count", entry.count}};
        if (entry.category) row["category"] = Taxonomy::shipped().entries()[*entry.category].id;
        if (!entry.host.empty()) row["host"] = entry.host;
        out["blocked"].push_back(std::move(row));
    }
    const auto changes = store::newest_changes(household.database, limit);
    if (!changes) return changes.error();
    for (const auto& change : *changes)
        out["changes"].push_back(
            {{"time", change.time}, {"actor", change.actor}, {"action", change.action}, {"detail", change.detail}});
    return out;
}

}  // namespace hort::control::handlers
