// Budgets, what does not count, breaks.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "daemon/policy_builder.h"
#include "platform/clock.h"
#include "rules/time_text.h"

namespace hort::control::handlers {

using nlohmann::json;

std::string key_of(const json& subjects) {
    std::vector<std::string> names;
    for (const auto& subject : subjects) names.push_back(subject.get<std::string>());
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::string out;
    for (const auto& name : names) out += (out.empty() ? "" : ",") + name;
    return out;
}

namespace {
// "1h30m a day", "mon-fri 1h; sat,sun 2h a day", "5h a week"
std::string amount_text(std::string amounts, Budget::Period period) {
    if (amounts.starts_with("daily ")) amounts.erase(0, 6);
    return amounts + " a " + std::string(name_of(period));
}
}  // namespace

json budgets_json(const Policy& policy, const Person& person, const Moment& now) {
    json out = json::array();
    const auto& budgets = person.profile.budgets;
    for (std::size_t i = 0; i < budgets.size(); ++i) {
        json row = {
            {"scope", budgets[i].key},
            {"title", text_of(budgets[i].scope)},
            {"period", name_of(budgets[i].period)},
            {"carries_over", budgets[i].carries_over},
            {"amount", amount_text(budgets[i].period == Budget::Period::day ? text_of_amounts(budgets[i].seconds)
                                                                            : text_of_amount(budgets[i].seconds[0]),
                                   budgets[i].period)}};
        if (i < person.budgets.size()) {
            const auto& state = person.budgets[i];
            const bool is_limited = state.allowed < Budget::unlimited;
            const auto left = state.left(now);
            row["used"] = state.empty_at ? state.allowed - left : state.used;
            row["allowed"] = is_limited ? json(state.allowed) : json();
            row["left"] = is_limited ? json(left) : json();
            row["carried"] = state.carried;
            row["reserve"] = state.reserve;
            row["is_running"] = static_cast<bool>(state.empty_at);
            row["renews"] = state.renews.wall_seconds;
            row["renews_text"] = time_text(policy, state.renews.wall_seconds, now.wall_seconds);
        }
        out.push_back(std::move(row));
    }
    return out;
}

Result<json> budget(Household& household, const Caller&, const json& params) {
    household.timekeeper.catch_up();
    const auto policy = household.policy.load();
    const auto name = params.at("child").get<std::string>();
    const auto* person = policy->find(name);
    if (person == nullptr) {
        const auto record = household.people.find(name);
        if (!record) return record.error();
        const auto rows = household.budgets.all();
        if (!rows) return rows.error();
        json out = {{"child", record->name}, {"budgets", json::array()}, {"uncounted", json::array()}};
        for (const auto& row : *rows)
            if (row.person == record->id)
                out["budgets"].push_back({{"scope", row.scope},
                                          {"title", text_of(scope_of(*policy, row.scope))},
                                          {"period", name_of(row.period)},
                                          {"carries_over", row.carries_over},
                                          {"amount", amount_text(row.amounts, row.period)}});
        return out;
    }
    const auto now = platform::now();
    json out = {
        {"child", person->name}, {"budgets", budgets_json(*policy, *person, now)}, {"uncounted", json::array()}};
    const auto& free = person->profile.uncounted;
    for (auto left = free.categories; !left.empty(); left = left - CategorySet::of(left.first()))
        out["uncounted"].push_back(Taxonomy::shipped().id_of(left.first()));
    for (const auto* service : free.services) out["uncounted"].push_back(service->id);
    for (const auto& program : free.programs) out["uncounted"].push_back("program:" + program);
    for (const auto& site : free.sites) out["uncounted"].push_back(site.text());
    out["break"] = nullptr;
    if (person->profile.breaks)
        out["break"] = {{"after", person->profile.breaks->after}, {"length", person->profile.breaks->length}};
    return out;
}

Result<json> budget_set(Household& household, const Caller& caller, const json& params) {
    const auto name = params.at("child").get<std::string>();
    const auto person = household.people.find(name);
    if (!person) return person.error();
    const auto period = parse_period(params.value("per", "day"));
    if (!period) return period.error();
    store::BudgetRecord record;
    record.scope = key_of(params.value("of", json::array()));
    if (record.scope.empty()) record.scope = store::device_key;
    record.period = *period;
    record.since = household.timekeeper.today();
    const auto amount = params.at("amount").get<std::int64_t>();
    const auto longest = *period == Budget::Period::day    ? 86400
                         : *period == Budget::Period::week ? 7 * 86400
                                                           : 31 * 86400;
    if (amount < Budget::unlimited && amount > longest)
        return Error{text_of_duration(amount) + " is longer than a " + std::string(name_of(*period)), {}, {}};
    if (*period != Budget::Period::day && params.contains("days"))
        return Error{"only a budget per day has amounts by weekday", {}, "leave out --days, or --per"};
    const auto rows = household.budgets.all();
    if (!rows) return rows.error();
    std::array<std::int64_t, 7> amounts;
    amounts.fill(params.contains("days") ? Budget::unlimited : amount);
    record.carries_over = params.value("carry-over", false);
    if (params.contains("days")) {
        for (const auto& row : *rows)
            if (row.person == person->id && row.scope == record.scope && row.period == *period) {
                if (const auto before = parse_amounts(row.amounts)) amounts = *before;
                record.carries_over = record.carries_over || row.carries_over;
            }
        const auto days = parse_weekdays(params.at("days").get<std::string>());
        if (!days) return days.error();
        for (std::size_t day = 0; day < 7; ++day)
            if ((*days >> day & 1) != 0) amounts[day] = amount;
    }
    record.amounts = *period == Budget::Period::day ? text_of_amounts(amounts) : text_of_amount(amount);
    if (record.amounts.empty() || record.amounts == "all")
        return Error{"a budget without a limit is none", {}, "'hortctl budget clear' takes one away"};
    const auto policy = household.policy.load();
    const auto scope = scope_of(*policy, record.scope);
    if (auto done = household.budgets.set(name, record, by(caller)); !done) return done.error();
    std::string message = person->name + " may use " + text_of(scope) + " " + amount_text(record.amounts, *period) +
                          (record.carries_over ? "; what is left is carried over" : "") + ".";
    const auto* known = policy->find(name);
    if (known != nullptr)
        for (auto left = scope.categories & known->profile.blocked; !left.empty(); left = CategorySet()) {
            const std::string id(Taxonomy::shipped().id_of(left.first()));
            message += " " + id + " is blocked for " + person->name + " so far: 'hortctl allow " + person->name + " " +
                       id + "' opens it within the budget.";
        }
    return in_force(household, {{"message", message}});
}

Result<json> budget_clear(Household& household, const Caller& caller, const json& params) {
    const auto name = params.at("child").get<std::string>();
    auto scope = key_of(params.value("of", json::array()));
    if (scope.empty()) scope = store::device_key;
    if (auto done = household.budgets.clear(name, scope, by(caller)); !done) return done.error();
    return in_force(household, {{"message", "There is no budget of " +
                                                (scope == store::device_key ? "the computer" : scope) + " any more."}});
}

namespace {
Result<json> set_counting(Household& household, const Caller& caller, const json& params, bool counts) {
    const auto name = params.at("child").get<std::string>();
    const auto subjects = params.at("subject").get<std::vector<std::string>>();
    if (auto done = household.budgets.set_counting(name, subjects, counts, by(caller)); !done) return done.error();
    std::string all;
    for (const auto& subject : subjects) all += (all.empty() ? "" : ", ") + subject;
    return in_force(household, {{"message", counts ? all + " counts again."
                                                   : all + " uses up no time while nothing else is in front."}});
}
}  // namespace

Result<json> budget_exempt(Household& household, const Caller& caller, const json& params) {
    return set_counting(household, caller, params, false);
}

Result<json> budget_count(Household& household, const Caller& caller, const json& params) {
    return set_counting(household, caller, params, true);
}

Result<json> breaks_set(Household& household, const Caller& caller, const json& params) {
    const auto name = params.at("child").get<std::string>();
    const auto after = params.at("after").get<std::int64_t>(), length = params.at("length").get<std::int64_t>();
    if (after < 60 || length < 60 || after > 86400 || length > 86400)
        return Error{"breaks take a minute to a day", {}, "for example 45m 15m"};
    if (auto done = household.budgets.set_break(name, after, length, by(caller)); !done) return done.error();
    return in_force(household, {{"message", "After " + text_of_duration(after) + " at the computer comes a break of " +
                                                text_of_duration(length) + "."}});
}

Result<json> breaks_clear(Household& household, const Caller& caller, const json& params) {
    if (auto done = household.budgets.set_break(params.at("child").get<std::string>(), 0, 0, by(caller)); !done)
        return done.error();
    return in_force(household, {{"message", "There are no breaks any more."}});
}

}  // namespace hort::control::handlers
