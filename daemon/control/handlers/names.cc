// Names that the owner set, and what the DNS side keeps.
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "platform/endpoint.h"

namespace hort::control::handlers {

using nlohmann::json;

Result<json> name_add(Household& household, const Caller& caller, const json& params) {
    const auto record = LocalRecord::parse(params.at("name"), params.at("type"), params.at("value"));
    if (!record) return record.error();
    if (auto done = household.local_records.add(*record, by(caller)); !done) return done.error();
    if (auto done = household.put_names_in_force(); !done) return done.error();
    return json{{"message", record->name + " has the " + record->type + " record " + record->value + " now."}};
}

Result<json> name_list(Household& household, const Caller&, const json&) {
    const auto records = household.local_records.all();
    if (!records) return records.error();
    json out = {{"names", json::array()}};
    for (const auto& record : *records)
        out["names"].push_back({{"name", record.name}, {"type", record.type}, {"value", record.value}});
    return out;
}

Result<json> name_remove(Household& household, const Caller& caller, const json& params) {
    auto name = params.at("name").get<std::string>();
    const bool is_wildcard = name.starts_with("*.");
    if (const auto address = platform::parse_address(name)) name = reverse_name(*address);
    const auto host = Hostname::parse(is_wildcard ? name.substr(2) : name);
    if (!host) return host.error();
    name = (is_wildcard ? "*." : "") + std::string(host->text());
    if (auto done = household.local_records.remove(name, params.value("type", ""), by(caller)); !done)
        return done.error();
    if (auto done = household.put_names_in_force(); !done) return done.error();
    return json{{"message", name + " is answered as before."}};
}

Result<json> cache_flush(Household& household, const Caller&, const json& params) {
    const auto name = params.value("name", "");
    const auto count = household.dns_front.flush(name);
    const auto what = name.empty() ? std::string("All kept answers") : "The kept answers for " + name;
    return json{{"message", what + " are forgotten (" + std::to_string(count) + ")."}, {"answers", count}};
}

}  // namespace hort::control::handlers
