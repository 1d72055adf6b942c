// What is in force, the lists, the log, the version.
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "daemon/version.h"

namespace hort::control::handlers {

using nlohmann::json;

Result<json> version(Household&, const Caller&, const json&) { return json{{"version", hort::version}}; }

Result<json> status(Household& household, const Caller& caller, const json&) {
    const auto everyone = household.people.all();
    if (!everyone) return everyone.error();
    const auto policy = household.policy.load();
    json out = {{"version", hort::version}, {"children", json::array()}};
    const bool sees_all = caller.role == ctl::Role::guardian;
    for (const auto& person : *everyone)
        if (sees_all || person.name == caller.child) out["children"].push_back(child_json(person, *policy));
    if (!sees_all) return out;
    const auto& library = household.library();
    const auto& c = household.counters;
    out["dns"] = household.dns;
    out["proxy"] = household.proxy;
    out["upstreams"] = household.upstreams;
    out["names"] = policy->ruleset->entry_count();
    out["image_bytes"] = policy->ruleset->size_in_bytes();
    out["list_count"] = library.lists.size();
    out["warnings"] = library.warnings;
    out["counters"] = {{"dns_queries", c.dns_queries.load()},     {"dns_blocked", c.dns_blocked.load()},
                       {"dns_cached", c.dns_cached.load()},       {"dns_forwarded", c.dns_forwarded.load()},
                       {"dns_failed", c.dns_failed.load()},       {"proxy_requests", c.proxy_requests.load()},
                       {"proxy_blocked", c.proxy_blocked.load()}, {"proxy_refused", c.proxy_refused.load()}};
    return out;
}

Result<json> lists(Household& household, const Caller&, const json&) {
    json out = {{"lists", json::array()}, {"categories", json::array()}, {"warnings", household.library().warnings}};
    for (const auto& list : household.library().lists)
        out["lists"].push_back({{"category", list.category},
                                {"list", list.path},
                                {"format", name_of(list.format)},
                                {"accepted", list.report.accepted},
                                {"skipped", list.report.skipped},
                                {"refused", list.report.refused},
                                {"problems", list.report.problems}});
    const auto& taxonomy = Taxonomy::shipped();
    for (std::size_t i = 0; i < taxonomy.entries().size(); ++i) {
        const auto& entry = taxonomy.entries()[i];
        json tiers = json::array();
        for (int tier = 0; tier < 4; ++tier)
            if (taxonomy.blocked_by(static_cast<Tier>(tier)).contains(static_cast<Category>(i)))
                tiers.push_back(name_of(static_cast<Tier>(tier)));
        out["categories"].push_back(
            {{"id", entry.id}, {"title", entry.title}, {"description", entry.description}, {"blocked_for", tiers}});
    }
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
    const auto changes = household.people.changes(limit);
    if (!changes) return changes.error();
    for (const auto& change : *changes)
        out["changes"].push_back(
            {{"time", change.time}, {"actor", change.actor}, {"action", change.action}, {"detail", change.detail}});
    return out;
}

}  // namespace hort::control::handlers
