// Children and their own rules.
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "daemon/device.h"
#include "daemon/settings.h"
#include "daemon/switches.h"
#include "platform/accounts.h"
#include "platform/clock.h"
#include "rules/local_time.h"

namespace hort::control::handlers {
namespace {

using nlohmann::json;

// Tier and birthday as given: an age now, or the day of birth.
Status read_age(Household& household, const json& params, std::optional<Tier>& tier, std::optional<std::string>& born) {
    if (params.contains("age") && params.contains("born"))
        return Error{"--age and --born is too much", {}, "expected one of them"};
    if (params.contains("age")) tier = tier_of_age(params.at("age"));
    if (params.contains("born")) {
        born = params.at("born").get<std::string>();
        const auto day = parse_day(*born);
        if (!day) return day.error();
        const int age = age_on(*day, household.timekeeper.today());
        if (age < 0 || age > 120) return Error{"not a day of birth: " + *born, {}, "expected one such as 2015-06-12"};
        tier = tier_of_age(age);
    }
    return Done{};
}

// The id of a profile by its name; 0 for "none".
Result<std::int64_t> profile_id(Household& household, const std::string& name, const std::string& of) {
    if (name == "none") return std::int64_t{0};
    const auto profile = household.people.find(name);
    if (!profile || !profile->is_profile)
        return Error{"there is no profile " + name, {}, "'hortctl profile list' shows them; 'none' ends it"};
    // A profile that follows itself, by whatever way, follows nobody.
    const auto everyone = household.people.all();
    if (!everyone) return everyone.error();
    auto id = profile->id;
    for (std::size_t i = 0; id != 0 && i <= everyone->size(); ++i) {
        std::int64_t next = 0;
        for (const auto& one : *everyone)
            if (one.id == id) {
                if (one.name == of) return Error{of + " would follow itself", {}, {}};
                next = one.parent;
            }
        id = next;
    }
    return profile->id;
}

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
        const auto parsed = Device::parse(device.get<std::string>());
        if (!parsed) return parsed.error();
        devices.push_back(parsed->text);
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
    const bool is_program = subject.starts_with("program:"), is_web = WebRule::is_meant(subject);
    if (is_web && verdict == Verdict::allow && !subject.starts_with("page:"))
        return Error{"of a search, a download and a type there is only block", subject,
                     "'hortctl unset' takes such a rule back; an allowed page:example.org/... is excepted from it"};
    if (!category && service == nullptr && !is_program && !is_web && subject.find('.') == std::string::npos)
        return Error{"neither a category nor a service nor a site", subject, "'hortctl lists' shows the categories"};
    if (params.value("always", false) && category)
        return Error{"a category cannot be allowed outside the hours", {}, "name the site or the service"};
    std::string message =
        (category             ? "The category " + subject
         : service != nullptr ? service->title + " (its sites and programs)"
         : is_program         ? "The program " + subject.substr(8) + (subject[8] == '/' ? " (and its copies)" : "")
         : is_web             ? "\"" + subject + "\""
                              : subject + " and all below it") +
        (verdict == Verdict::block ? " is blocked for " : " is allowed for ") + *name + ".";
    if (is_web) message += " It holds where the URL is visible: in http, and in https that is looked into.";
    if (const auto host = Hostname::parse(subject);
        !category && host && ProtectedHelp::shipped().contains(*host) && verdict == Verdict::block)
        return Error{subject + " is protected help, which is always reachable", {}, "it cannot be blocked"};
    return answer(
        household,
        household.people.set_rule(*name, {subject, static_cast<bool>(category), verdict, params.value("always", false)},
                                  by(caller)),
        std::move(message));
}

}  // namespace

store::By by(const Caller& caller) { return {caller.name, platform::now().wall_seconds}; }

json child_json(Household& household, const store::PersonRecord& record, const Policy& policy) {
    json out = {{"name", record.name},
                {"tier", name_of(record.tier)},
                {"accounts", record.accounts},
                {"devices", record.devices},
                {"switches", record.switches},
                {"rules", json::array()},
                {"blocked_categories", json::array()},
                {"supervised", record.tier != Tier::adult},
                {"is_profile", record.is_profile},
                {"at_end", record.at_end},
                {"born", record.born},
                {"in_use", household.timekeeper.in_use().contains(record.id)},
                {"birthday", birthday_json(record, household.timekeeper.today())}};
    for (const auto& rule : record.rules)
        out["rules"].push_back({{"subject", rule.subject},
                                {"category", rule.is_category},
                                {"verdict", name_of(rule.verdict)},
                                {"always", rule.is_always}});
    if (const auto* person = policy.find(record.name)) {
        const auto& entries = Taxonomy::shipped().entries();
        for (std::size_t i = 0; i < entries.size(); ++i)
            if (person->profile.blocked.contains(static_cast<Category>(i)))
                out["blocked_categories"].push_back(entries[i].id);
        // Whoever is looked after sees how much of it is kept.
        const auto level = Settings(household.people).log_level();
        out["log_level"] = name_of(person->profile.keeps_detail ? level : std::min(level, LogLevel::counts));
        out["times"] = times_json(policy, *person, platform::now());
    }
    return out;
}

Result<json> child_add(Household& household, const Caller& caller, const json& params) {
    store::PersonRecord person;
    person.name = params.at("name");
    std::optional<Tier> tier;
    std::optional<std::string> born;
    if (auto read = read_age(household, params, tier, born); !read) return read.error();
    person.tier = tier.value_or(tier_of_age(10));
    person.born = born.value_or("");
    if (params.contains("profile")) {
        const auto id = profile_id(household, params.at("profile").get<std::string>(), person.name);
        if (!id) return id.error();
        person.parent = *id;
    }
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
    if (auto read = read_age(household, params, change.tier, change.born); !read) return read.error();
    if (params.contains("at-end")) change.at_end = params.at("at-end").get<std::string>();
    if (params.contains("detail")) change.detail = params.at("detail").get<std::string>();
    if (params.contains("profile")) {
        const auto id = profile_id(household, params.at("profile").get<std::string>(), *name);
        if (!id) return id.error();
        change.parent = *id;
    }
    if (auto bound = read_bindings(params, change.accounts, change.devices); !bound) return bound.error();
    for (const auto& item : params.value("unbind", json::array())) {
        // A device in whatever form it was typed; an account as it is.
        const auto text = item.get<std::string>();
        const auto device = Device::parse(text);
        change.unbind.push_back(device && device->kind != Device::Kind::client_id ? device->text : text);
    }
    for (const char* key :
         {"blocked-answer", "safe-search", "restricted-mode", "quic", "content-scan", "enforcement", "google-domains"})
        if (params.contains(key)) {
            const auto value = params.at(key).get<std::string>();
            change.switches[key] = value == "default" ? "" : value;
            if (Profile any; value != "default" && !put_switch(any, key, value))
                return Error{value + " is no value of " + key, {}, "see 'hortctl help child set'"};
        }
    if (!change.tier && !change.at_end && !change.detail && !change.parent && change.accounts.empty() &&
        change.devices.empty() && change.unbind.empty() && change.switches.empty())
        return Error{"nothing to change is given", {}, "see 'hortctl help child set'"};
    return answer(household, household.people.change(*name, change, by(caller)), *name + " is changed.");
}

Result<json> child_promote(Household& household, const Caller& caller, const json& params) {
    const auto person = household.people.find(params.at("child").get<std::string>());
    if (!person) return person.error();
    const auto birthday = birthday_json(*person, household.timekeeper.today());
    if (birthday.is_null())
        return Error{"no other age tier is due for " + person->name,
                     {},
                     person->born.empty()
                         ? "'hortctl child set " + person->name + " --born 2015-06-12' tells the day of birth"
                         : std::string()};
    store::PersonChange change;
    change.tier = *parse_tier(birthday.at("tier").get<std::string>());
    return answer(household, household.people.change(person->name, change, by(caller)),
                  person->name + " has the age tier " + birthday.at("tier").get<std::string>() + " now.");
}

Result<json> child_list(Household& household, const Caller&, const json&) {
    const auto everyone = household.people.all();
    if (!everyone) return everyone.error();
    json out = {{"children", json::array()}};
    const auto policy = household.policy.load();
    for (const auto& person : *everyone)
        if (!person.is_profile) out["children"].push_back(child_json(household, person, *policy));
    return out;
}

Result<json> child_show(Household& household, const Caller&, const json& params) {
    const auto person = household.people.find(params.at("child").get<std::string>());
    if (!person) return person.error();
    household.timekeeper.catch_up();
    return child_json(household, *person, *household.policy.load());
}

Result<json> child_remove(Household& household, const Caller& caller, const json& params) {
    const auto name = stored_name(household, params);
    if (!name) return name.error();
    if (*name == household_name)
        return Error{"the profile household holds for devices that belong to nobody known", {}, "it cannot be removed"};
    return answer(household, household.people.remove(*name, by(caller)), *name + " is removed with all rules.");
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
