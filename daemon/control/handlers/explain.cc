// Why a site is allowed or blocked, down to the list and its line.
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "platform/clock.h"

namespace hort::control::handlers {

using nlohmann::json;

Result<json> explain(Household& household, const Caller&, const json& params) {
    const auto policy = household.policy.load();
    const auto name = params.at("child").get<std::string>();
    const auto* person = policy->find(name);
    if (person == nullptr)
        return Error{"there is no child called " + name, {}, "'hortctl child list' shows who there is"};
    const auto host = Hostname::parse(params.at("site").get<std::string>());
    if (!host) return host.error();
    const Subject who{person, &person->profile};
    const auto decision = decide(*policy, who, *host, platform::now());
    json out = {{"site", host->text()},
                {"child", person->name},
                {"verdict", name_of(decision.verdict)},
                {"reason", name_of(decision.reason)},
                {"rule", host->suffix(decision.source.matched_labels)},
                {"sentence", hort::explain(decision, who, *host, Taxonomy::shipped())},
                {"sources", json::array()}};
    out["category"] = nullptr;
    if (decision.source.category) {
        const auto& id = Taxonomy::shipped().entries()[*decision.source.category].id;
        out["category"] = id;
        for (const auto& place : hort::lists::find_places(household.library(), *host, id))
            out["sources"].push_back({{"list", place.list}, {"line", place.line}, {"entry", place.entry}});
    }
    out["until"] = decision.until ? json(decision.until->wall_seconds) : json();
    return out;
}

}  // namespace hort::control::handlers
