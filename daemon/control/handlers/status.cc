// What is in force, the log, the version.
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "daemon/settings.h"
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
    out["upstreams"] = json::array();
    for (const auto& upstream : household.dns_front.upstreams())
        out["upstreams"].push_back({{"address", upstream.address},
                                    {"zone", upstream.zone},
                                    {"answers", !upstream.is_resting},
                                    {"answered", upstream.answered},
                                    {"failed", upstream.failed},
                                    {"microseconds", upstream.round_trip}});
    const auto cache = household.dns_front.cache_state();
    out["cache"] = {{"answers", cache.entries}, {"bytes", cache.bytes}};
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
                       {"dns_failed", c.dns_failed.load()},       {"dns_stale", c.dns_stale.load()},
                       {"dns_limited", c.dns_limited.load()},     {"proxy_requests", c.proxy_requests.load()},
                       {"proxy_blocked", c.proxy_blocked.load()}, {"proxy_refused", c.proxy_refused.load()}};
    return out;
}

Result<json> log(Household& household, const Caller&, const json& params) {
    const int limit = params.value("limit", 20);
    household.flush_activity();
    const auto level = Settings(household.people).log_level();
    const auto everyone = household.people.all();
    if (!everyone) return everyone.error();
    std::optional<std::int64_t> only;
    if (params.contains("child")) {
        const auto person = household.people.find(params.at("child").get<std::string>());
        if (!person) return person.error();
        only = person->id;
    }
    json out = {{"level", name_of(level)}, {"entries", json::array()}, {"changes", json::array()}};
    const auto put = [&](const store::ActivityCount& entry, const std::string& host) {
        std::string child;
        for (const auto& person : *everyone)
            if (person.id == entry.person && !person.is_profile) child = person.name;
        json row = {{"time", entry.time},
                    {"child", child.empty() ? "(unknown)" : child},
                    {"channel", name_of(entry.channel)},
                    {"verdict", store::name_of(entry.verdict)},
                    {"reason", name_of(entry.reason)},
                    {"count", entry.count}};
        if (entry.category) row["category"] = Taxonomy::shipped().id_of(*entry.category);
        if (!host.empty()) row["host"] = host;
        out["entries"].push_back(std::move(row));
    };
    if (level >= LogLevel::blocked) {
        const auto entries = household.activity.entries(only, limit);
        if (!entries) return entries.error();
        for (const auto& entry : *entries) put(entry, entry.host);
    } else {
        const auto counts = household.activity.counts(only, 0, limit);
        if (!counts) return counts.error();
        for (const auto& count : *counts) put(count, {});
    }
    const auto changes = store::newest_changes(household.database, limit);
    if (!changes) return changes.error();
    for (const auto& change : *changes)
        out["changes"].push_back(
            {{"time", change.time}, {"actor", change.actor}, {"action", change.action}, {"detail", change.detail}});
    return out;
}

}  // namespace hort::control::handlers
