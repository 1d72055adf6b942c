// Why a site is allowed or blocked, down to the list and its line.
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "platform/clock.h"
#include "rules/rule_file_policy.h"

namespace hort::control::handlers {

using nlohmann::json;

namespace {

// The shipped service that puts the host into the category.
const Service* service_of(const Hostname& host, Category category) {
    for (const auto& service : Services::shipped().all()) {
        if (!service.categories.contains(category)) continue;
        for (const auto& name : service.hosts)
            if (host == name || host.text().ends_with("." + std::string(name.text()))) return &service;
    }
    return nullptr;
}

}  // namespace

Result<json> explain(Household& household, const Caller&, const json& params) {
    const auto policy = household.policy.load();
    const auto name = params.at("child").get<std::string>();
    const auto who = policy->subject_named(name);
    if (who.profile == nullptr)
        return Error{"there is no child and no group called " + name, {}, "'hortctl child list' shows who there is"};
    const auto host = Hostname::parse(params.at("site").get<std::string>());
    if (!host) return host.error();
    const auto decision = decide(*policy, who, *host, platform::now());
    json out = {{"site", host->text()},
                {"child", who.display_name()},
                {"verdict", name_of(decision.verdict)},
                {"reason", name_of(decision.reason)},
                {"rule", host->suffix(decision.source.matched_labels)},
                {"sentence", hort::explain(decision, *policy, who, *host)},
                {"sources", json::array()}};
    out["because"] = because_of(decision, *policy, *host);
    out["category"] = nullptr;
    if (decision.source.category) {
        const auto& id = Taxonomy::shipped().entries()[*decision.source.category].id;
        out["category"] = id;
        for (const auto& place : hort::lists::find_places(household.keeper.library(), *host, *decision.source.category))
            out["sources"].push_back({{"list", place.list}, {"line", place.line}, {"entry", place.entry}});
        if (const auto* service = service_of(*host, *decision.source.category))
            out["sources"].push_back(
                {{"list", "the service " + service->title}, {"line", nullptr}, {"entry", service->id}});
    }
    out["until"] = decision.until ? json(decision.until->wall_seconds) : json();
    return out;
}

}  // namespace hort::control::handlers
