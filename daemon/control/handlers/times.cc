// Hours, bonus time, pauses, and what children ask for.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "daemon/asking.h"
#include "daemon/control/handlers.h"
#include "platform/clock.h"
#include "rules/time_text.h"

namespace hort::control::handlers {
namespace {

using nlohmann::json;

constexpr std::int64_t usual_grant = 3600;  // a site that was asked for, when the answer does not say how long

// The one that is named, or all children.
Result<std::vector<store::PersonRecord>> chosen(Household& household, const json& params) {
    const bool is_all = params.value("all", false);
    if (is_all == params.contains("child"))
        return Error{
            is_all ? "a child and --all is too much" : "for whom is not said", {}, "expected a child, or --all"};
    if (!is_all) {
        auto person = household.people.find(params.at("child").get<std::string>());
        if (!person) return person.error();
        return std::vector<store::PersonRecord>{*std::move(person)};
    }
    auto everyone = household.people.all();
    if (!everyone) return everyone.error();
    std::erase_if(*everyone,
                  [](const store::PersonRecord& person) { return person.is_profile || person.tier == Tier::adult; });
    if (everyone->empty()) return Error{"there are no children", {}, "'hortctl child add NAME --age AGE' adds one"};
    return everyone;
}

std::vector<std::int64_t> ids_of(const std::vector<store::PersonRecord>& people) {
    std::vector<std::int64_t> out;
    for (const auto& person : people) out.push_back(person.id);
    return out;
}

std::string names_of(const std::vector<store::PersonRecord>& people) {
    std::string out;
    for (const auto& person : people) out += (out.empty() ? "" : ", ") + person.name;
    return out;
}

Moment after(const Moment& now, std::int64_t seconds) {
    return {now.wall_seconds + seconds, now.boot_seconds + seconds, now.awake_seconds + seconds};
}

// More time as it is given: to the budget of the computer, and at the end of the hours where those end before; or to
// the budget of `key`.
struct MoreTime {
    store::Given given;
    std::optional<std::int64_t> until;
    std::string text;  // "30 min more, and may be online until 20:00"
};

Result<MoreTime> more_time(Household& household, const Policy& policy, const Person& person, const std::string& key,
                           std::int64_t seconds, const Moment& now) {
    MoreTime out;
    out.text = text_of_duration(seconds) + " more";
    const std::string budget_key = key.empty() ? std::string(store::device_key) : key;
    const auto& budgets = person.profile.budgets;
    const auto budget =
        std::find_if(budgets.begin(), budgets.end(), [&](const Budget& b) { return b.key == budget_key; });
    if (budget != budgets.end())
        out.given.reserves.push_back({person.id, household.timekeeper.today(), budget_key, seconds});
    if (!key.empty()) {
        if (budget == budgets.end())
            return Error{person.name + " has no budget of " + key,
                         {},
                         "'hortctl allow " + person.name + " " + key + " --for 1h' allows it for a while"};
        out.text += " of " + text_of(budget->scope);
        return out;
    }
    if (person.profile.online) {
        // More time begins where the time that there is ends: at the end of the hours, or of the budget if it were used
        // from now on.
        auto end = usage::end_of_session(policy, {&person, &person.profile}, now).value_or(now);
        for (std::size_t i = 0; i < std::min(budgets.size(), person.budgets.size()); ++i)
            if (const auto left = person.budgets[i].left(now);
                budgets[i].scope.is_device && now.wall_seconds + left < end.wall_seconds)
                end = after(now, left);
        const auto until = after(end, seconds);
        auto hours = person;
        hours.budgets.clear();
        hours.break_state = {};
        const auto closed = usage::end_of_session(policy, {&hours, &hours.profile}, now);
        if (closed && closed->wall_seconds < until.wall_seconds) {
            out.given.grants.push_back({0, person.id, "bonus", "", until, platform::boot_id()});
            out.text += ", and may be online until " + time_text(policy, until.wall_seconds, now.wall_seconds);
        }
        out.until = until.wall_seconds;
    } else if (budget == budgets.end()) {
        return Error{person.name + " has neither hours nor a budget of the computer: nothing ends",
                     {},
                     "'hortctl allow " + person.name + " SITE --for 1h' allows a site for a while"};
    }
    return out;
}

json request_json(const store::RequestRecord& request) {
    return {{"id", request.id},           {"child", request.child},
            {"kind", request.kind},       {"subject", request.subject},
            {"seconds", request.seconds}, {"why", request.why},
            {"made", request.made},       {"state", request.state},
            {"answer", request.answer},   {"answered", request.answered}};
}

}  // namespace

Result<json> in_force(Household& household, json out) {
    if (auto published = household.put_in_force(); !published) return published.error();
    return out;
}

std::string time_text(const Policy& policy, std::int64_t moment, std::int64_t now) {
    const auto local = policy.zone.local_time(moment);
    char time[32];
    std::snprintf(time, sizeof time, "%02d:%02d", local.minute / 60, local.minute % 60);
    const auto today = policy.zone.local_time(now).day;
    if (local.day == today) return time;
    if (local.day == today + 1) return std::string("tomorrow ") + time;
    if (local.day > today && local.day < today + 7) return std::string(name_of_weekday(local.weekday())) + " " + time;
    return text_of_day(local.day) + " " + time;
}

Result<json> hours(Household& household, const Caller&, const json& params) {
    const auto person = household.people.find(params.at("child").get<std::string>());
    if (!person) return person.error();
    const auto rows = household.hours.all();
    if (!rows) return rows.error();
    // Weekdays with the same hours are one row.
    std::map<std::pair<std::string, std::string>, unsigned> weekly;
    json dated = json::array();
    for (const auto& row : *rows) {
        if (row.person != person->id) continue;
        if (const auto day = parse_weekday(row.days))
            weekly[{row.subject, row.windows}] |= 1u << *day;
        else
            dated.push_back({{"subject", row.subject}, {"days", row.days}, {"windows", row.windows}});
    }
    json out = {{"child", person->name}, {"hours", json::array()}};
    for (const auto& [what, days] : weekly)
        out["hours"].push_back({{"subject", what.first}, {"days", text_of_weekdays(days)}, {"windows", what.second}});
    for (auto& row : dated) out["hours"].push_back(std::move(row));
    return out;
}

Result<json> hours_set(Household& household, const Caller& caller, const json& params) {
    const auto days = params.at("days").get<std::string>();
    std::vector<std::string> rows;
    if (const auto dates = parse_days(days)) {
        rows.push_back(days);
    } else {
        const auto weekdays = parse_weekdays(days);
        if (!weekdays) return weekdays.error();
        for (int day = 0; day < 7; ++day)
            if ((*weekdays >> day & 1) != 0) rows.push_back(text_of_weekdays(1u << day));
    }
    store::HoursRecord record;
    record.subject = params.value("only", "");
    record.windows = params.at("windows");
    const auto name = params.at("child").get<std::string>();
    if (auto done = household.hours.set(name, record, rows, by(caller)); !done) return done.error();
    const auto person = household.people.find(name);
    if (!person) return person.error();
    return in_force(household, {{"message", person->name + " may " +
                                                (record.subject.empty() ? "be online" : "use " + record.subject) + " " +
                                                days + ": " + record.windows + "."}});
}

Result<json> hours_clear(Household& household, const Caller& caller, const json& params) {
    const auto name = params.at("child").get<std::string>(), subject = params.value("only", std::string());
    if (auto done = household.hours.clear(name, subject, by(caller)); !done) return done.error();
    return in_force(household,
                    {{"message", "There are no hours" + (subject.empty() ? "" : " for " + subject) + " any more."}});
}

Result<json> week(Household& household, const Caller&, const json& params) {
    const auto policy = household.policy.load();
    const auto* person = policy->find(params.at("child").get<std::string>());
    if (person == nullptr) return household.people.find(params.at("child").get<std::string>()).error();
    const auto now = platform::now();
    const auto today = policy->zone.local_time(now.wall_seconds);
    json out = times_json(*policy, *person, now);
    out["child"] = person->name;
    out["today"] = today.weekday();
    out["minute"] = today.minute;
    out["days"] = json::array();
    for (int weekday = 0; weekday < 7; ++weekday) {
        // A letter for each half of an hour: '#' all of it, '+' a part, '.' none.
        const auto day = today.day - today.weekday() + weekday;
        std::string halves;
        for (int half = 0; half < 48; ++half) {
            int minutes = 0;
            for (int minute = half * 30; minute < half * 30 + 30; ++minute)
                if (!person->profile.online || policy->schedules[*person->profile.online].is_on({day, minute}))
                    ++minutes;
            halves += minutes == 30 ? '#' : minutes == 0 ? '.' : '+';
        }
        out["days"].push_back({{"day", text_of_day(day)}, {"weekday", weekday}, {"halves", halves}});
    }
    return out;
}

Result<json> bonus(Household& household, const Caller& caller, const json& params) {
    household.timekeeper.catch_up();
    const auto policy = household.policy.load();
    const auto* person = policy->find(params.at("child").get<std::string>());
    if (person == nullptr) return household.people.find(params.at("child").get<std::string>()).error();
    const auto now = platform::now();
    const auto more = more_time(household, *policy, *person, key_of(params.value("of", json::array())),
                                params.at("time").get<std::int64_t>(), now);
    if (!more) return more.error();
    if (auto done = household.grants.give(more->given, now, "bonus", person->name + " " + more->text, by(caller));
        !done)
        return done.error();
    return in_force(household, {{"message", person->name + " has " + more->text + "."},
                                {"until", more->until ? json(*more->until) : json()}});
}

Result<json> allow_for(Household& household, const Caller& caller, const json& params) {
    const auto person = household.people.find(params.at("child").get<std::string>());
    if (!person) return person.error();
    const auto now = platform::now();
    const auto until = after(now, params.at("for").get<std::int64_t>());
    const auto subject = params.at("subject").get<std::string>();
    if (subject.starts_with("program:"))
        return Error{"a single program cannot be allowed for a while", {}, "name the service that it belongs to"};
    const store::GrantRecord grant{0, person->id, "allow", subject, until, platform::boot_id()};
    const auto end = time_text(*household.policy.load(), until.wall_seconds, now.wall_seconds);
    if (auto done = household.grants.give({{grant}, {}}, now, "allow", person->name + " " + subject + " until " + end,
                                          by(caller));
        !done)
        return done.error();
    return in_force(household, {{"message", subject + " is allowed for " + person->name + " until " + end + "."},
                                {"until", until.wall_seconds}});
}

Result<json> pause(Household& household, const Caller& caller, const json& params) {
    const auto people = chosen(household, params);
    if (!people) return people.error();
    const auto now = platform::now();
    store::GrantRecord grant{0, 0, "pause", "", {}, platform::boot_id()};
    std::string end = " until 'hortctl resume'";
    if (params.contains("for")) {
        grant.until = after(now, params.at("for").get<std::int64_t>());
        end = " until " + time_text(*household.policy.load(), grant.until->wall_seconds, now.wall_seconds);
    }
    store::Given given;
    for (const auto id : ids_of(*people)) {
        grant.person = id;
        given.grants.push_back(grant);
    }
    if (auto done = household.grants.give(given, now, "pause", names_of(*people) + end, by(caller)); !done)
        return done.error();
    return in_force(household, {{"message", "Everything is paused for " + names_of(*people) + end + "."}});
}

Result<json> resume(Household& household, const Caller& caller, const json& params) {
    const auto people = chosen(household, params);
    if (!people) return people.error();
    const auto ended = household.grants.resume(ids_of(*people), names_of(*people), by(caller));
    if (!ended) return ended.error();
    return in_force(household, {{"message", *ended == 0 ? "Nothing was paused for " + names_of(*people) + "."
                                                        : "The pause of " + names_of(*people) + " is over."}});
}

Result<json> ask(Household& household, const Caller& caller, const json& params) {
    const auto name = params.value("child", caller.child);
    if (name.empty()) return Error{"for whom is not said", {}, "expected --child NAME"};
    const auto person = household.people.find(name);
    if (!person) return person.error();
    const auto asked = ask_guardian(household.grants, *person, params.at("kind"), params.at("what"),
                                    params.value("why", ""), by(caller));
    if (!asked) return asked.error();
    return json{{"message", "Request " + std::to_string(asked->id) + " waits for an answer: " + asked->subject + "."},
                {"id", asked->id}};
}

Result<json> requests(Household& household, const Caller& caller, const json& params) {
    const bool sees_all = caller.role == ctl::Role::guardian;
    // A child wants to see the answers.
    const auto all = household.grants.requests(sees_all && !params.value("all", false));
    if (!all) return all.error();
    json out = {{"requests", json::array()}};
    for (const auto& request : *all)
        if (sees_all || request.child == caller.child) out["requests"].push_back(request_json(request));
    return out;
}

Result<json> approve(Household& household, const Caller& caller, const json& params) {
    const auto request = household.grants.request(params.at("id").get<std::int64_t>());
    if (!request) return request.error();
    household.timekeeper.catch_up();
    const auto policy = household.policy.load();
    const auto* person = policy->find(request->child);
    if (person == nullptr) return Error{"the child is gone", request->child, {}};
    const auto now = platform::now();
    std::optional<MoreTime> more;
    if (request->kind == "time") {
        auto time = more_time(household, *policy, *person, {}, params.value("for", request->seconds), now);
        if (!time) return time.error();
        more = *std::move(time);
    } else {
        const auto until = after(now, params.value("for", usual_grant));
        more = MoreTime{{{{0, request->person, "allow", request->subject, until, platform::boot_id()}}, {}},
                        until.wall_seconds,
                        request->subject + " until " + time_text(*policy, until.wall_seconds, now.wall_seconds)};
    }
    if (auto done = household.grants.answer(request->id, "approved", more->text, more->given, now, by(caller)); !done)
        return done.error();
    return in_force(household, {{"message", request->child + " has " + more->text + "."},
                                {"until", more->until ? json(*more->until) : json()}});
}

Result<json> deny(Household& household, const Caller& caller, const json& params) {
    const auto request = household.grants.request(params.at("id").get<std::int64_t>());
    if (!request) return request.error();
    if (auto done =
            household.grants.answer(request->id, "denied", params.value("answer", ""), {}, platform::now(), by(caller));
        !done)
        return done.error();
    return json{{"message", "Request " + std::to_string(request->id) + " of " + request->child + " is denied."}};
}

json times_json(const Policy& policy, const Person& person, const Moment& now) {
    json out = {{"grants", json::array()}};
    const Subject who{&person, &person.profile};
    const auto session = decide(policy, who, Target::session(), now);
    out["may_be_online"] = !session.is_blocked();
    out["reason"] = name_of(session.reason);
    out["sentence"] = explain_session(session, policy, who);
    out["budgets"] = budgets_json(policy, person, now);
    out["break"] = nullptr;
    if (person.profile.breaks)
        out["break"] = {{"after", person.profile.breaks->after}, {"length", person.profile.breaks->length}};
    const auto end = session.is_blocked() ? std::nullopt : usage::end_of_session(policy, who, now);
    out["left"] = end ? json(end->wall_seconds - now.wall_seconds) : json();
    const auto until = verdict_until(policy, who, Target::session(), now);
    out["until"] = until ? json(until->wall_seconds) : json();
    out["until_text"] = until ? json(time_text(policy, until->wall_seconds, now.wall_seconds)) : json();
    for (const auto& grant : person.grants) {
        if (!grant.is_running(now)) continue;
        json row = {{"kind", grant.kind == Grant::Kind::allow   ? "allow"
                             : grant.kind == Grant::Kind::bonus ? "bonus"
                                                                : "pause"},
                    {"subject", grant.category  ? std::string(Taxonomy::shipped().id_of(*grant.category))
                                : grant.service ? grant.service->id
                                : grant.site    ? std::string(grant.site->text())
                                                : std::string()},
                    {"until", nullptr},
                    {"until_text", nullptr}};
        if (grant.until) {
            const auto ends = grant.end(now);
            row["until"] = ends;
            row["until_text"] = time_text(policy, ends, now.wall_seconds);
        }
        out["grants"].push_back(std::move(row));
    }
    return out;
}

}  // namespace hort::control::handlers
