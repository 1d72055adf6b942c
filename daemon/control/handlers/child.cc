// Children and their own rules.
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "platform/accounts.h"
#include "platform/clock.h"
#include "platform/endpoint.h"

namespace hort::control::handlers {
namespace {

using nlohmann::json;

// A change that the store took is put in force before it is answered.
Result<json> answer(Household& household, const Status& done, std::string message) {
    if (!done) return done.error();
    if (auto published = household.put_in_force(); !published) return published.error();
    return json{{"message", std::move(message)}};
}

// "mia" as typed to "Mia" as stored.
Result<std::string> stored_name(Household& household, const json& params) {
    const auto person = household.people.find(params.at("child").get<std::string>());
    if (!person) return person.error();
    return person->name;
}

// Accounts that this machine has, and addresses in their one form.
Status read_bindings(const json& params, std::vector<std::string>& accounts, std::vector<std::string>& devices) {
    for (const auto& account : params.value("account", json::array())) {
        const auto name = account.get<std::string>();
        if (!platform::account_id(name))
            return Error{"this machine has no account " + name, {}, "'getent passwd' lists them"};
        accounts.push_back(name);
    }
    for (const auto& device : params.value("device", json::array())) {
        const auto address = platform::parse_address(device.get<std::string>());
        if (!address) return address.error();
        devices.push_back(platform::address_text(*address));
    }
    return Done{};
}

Result<json> set(Household& household, const Caller& caller, const json& params, Verdict verdict) {
    const auto name = stored_name(household, params);
    if (!name) return name.error();
    const auto subject = params.at("subject").get<std::string>();
    const auto category = Taxonomy::shipped().find(subject);
    // A site has a dot in its name, and no service has.
    const auto* service = category ? nullptr : find_service(*household.policy.load(), subject);
    if (!category && service == nullptr && subject.find('.') == std::string::npos)
        return Error{"neither a category nor a service nor a site", subject, "'hortctl lists' shows the categories"};
    std::string message = (category             ? "The category " + subject
                           : service != nullptr ? service->title + " (its sites and programs)"
                                                : subject + " and all below it") +
                          (verdict == Verdict::block ? " is blocked for " : " is allowed for ") + *name + ".";
    if (const auto host = Hostname::parse(subject);
        !category && host && ProtectedHelp::shipped().contains(*host) && verdict == Verdict::block)
        return Error{subject + " is protected help, which is always reachable", {}, "it cannot be blocked"};
    return answer(household,
                  household.people.set_rule(*name, {subject, static_cast<bool>(category), verdict}, by(caller)),
                  std::move(message));
}

}  // namespace

store::By by(const Caller& caller) { return {caller.name, platform::now().wall_seconds}; }

json child_json(const store::PersonRecord& record, const Policy& policy) {
    json out = {{"name", record.name},
                {"tier", name_of(record.tier)},
                {"accounts", record.accounts},
                {"devices", record.devices},
                {"rules", json::array()},
                {"blocked_categories", json::array()},
                {"supervised", record.tier != Tier::adult}};
    for (const auto& rule : record.rules)
        out["rules"].push_back(
            {{"subject", rule.subject}, {"category", rule.is_category}, {"verdict", name_of(rule.verdict)}});
    if (const auto* person = policy.find(record.name)) {
        const auto& entries = Taxonomy::shipped().entries();
        for (std::size_t i = 0; i < entries.size(); ++i)
            if (person->profile.blocked.contains(static_cast<Category>(i)))
                out["blocked_categories"].push_back(entries[i].id);
        out["times"] = times_json(policy, *person, platform::now());
    }
    return out;
}

Result<json> child_add(Household& household, const Caller& caller, const json& params) {
    store::PersonRecord person;
    person.name = params.at("name");
    person.tier = tier_of_age(params.value("age", 10));
    if (auto bound = read_bindings(params, person.accounts, person.devices); !bound) return bound.error();
    std::string message = person.name + " is added with the age tier " + std::string(name_of(person.tier)) + ".";
    if (person.accounts.empty() && person.devices.empty())
        message += " No account or device is bound yet, so nothing counts as " + person.name +
                   "'s traffic: 'hortctl child set " + person.name + " --account ACCOUNT' binds one.";
    return answer(household, household.people.add(person, by(caller)), std::move(message));
}

Result<json> child_set(Household& household, const Caller& caller, const json& params) {
    const auto name = stored_name(household, params);
    if (!name) return name.error();
    store::PersonChange change;
    if (params.contains("age")) change.tier = tier_of_age(params.at("age"));
    if (auto bound = read_bindings(params, change.accounts, change.devices); !bound) return bound.error();
    for (const auto& item : params.value("unbind", json::array())) {
        // A device in whatever form it was typed.
        const auto address = platform::parse_address(item.get<std::string>());
        change.unbind.push_back(address ? platform::address_text(*address) : item.get<std::string>());
    }
    if (!change.tier && change.accounts.empty() && change.devices.empty() && change.unbind.empty())
        return Error{"nothing to change is given", {}, "expected --age, --account, --device or --unbind"};
    return answer(household, household.people.change(*name, change, by(caller)), *name + " is changed.");
}

Result<json> child_list(Household& household, const Caller&, const json&) {
    const auto everyone = household.people.all();
    if (!everyone) return everyone.error();
    json out = {{"children", json::array()}};
    const auto policy = household.policy.load();
    for (const auto& person : *everyone) out["children"].push_back(child_json(person, *policy));
    return out;
}

Result<json> child_show(Household& household, const Caller&, const json& params) {
    const auto person = household.people.find(params.at("child").get<std::string>());
    if (!person) return person.error();
    return child_json(*person, *household.policy.load());
}

Result<json> child_remove(Household& household, const Caller& caller, const json& params) {
    const auto name = stored_name(household, params);
    if (!name) return name.error();
    auto result = answer(household, household.people.remove(*name, by(caller)), *name + " is removed with all rules.");
    if (result) household.recent.forget(*name);
    return result;
}

Result<json> allow(Household& household, const Caller& caller, const json& params) {
    return params.contains("for") ? allow_for(household, caller, params)
                                  : set(household, caller, params, Verdict::allow);
}
Result<json> block(Household& household, const Caller& caller, const json& params) {
    return set(household, caller, params, Verdict::block);
}

Result<json> unset(Household& household, const Caller& caller, const json& params) {
    const auto name = stored_name(household, params);
    if (!name) return name.error();
    const auto subject = params.at("subject").get<std::string>();
    const bool is_category = static_cast<bool>(Taxonomy::shipped().find(subject));
    return answer(household, household.people.unset_rule(*name, subject, is_category, by(caller)),
                  "The own rule for " + subject + " of " + *name + " is taken back.");
}

}  // namespace hort::control::handlers
