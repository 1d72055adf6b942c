// Why a site is allowed or blocked, down to the list and its line.
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "platform/accounts.h"
#include "platform/clock.h"
#include "rules/rule_file_policy.h"
#include "rules/time_text.h"
#include "rules/url_path.h"

namespace hort::control::handlers {

using nlohmann::json;

namespace {

// The shipped service that puts the host into the category.
const Service* service_of(const Hostname& host, Category category) {
    for (const auto& service : Services::shipped().all()) {
        if (!service.categories.contains(category)) continue;
        if (service.has_host(host)) return &service;
    }
    return nullptr;
}

// The next time that the clock on the wall shows "sat 20:15" or "20:15", or the moment of "2026-03-29 02:30".
Result<std::int64_t> moment_of(const Policy& policy, const std::string& text, std::int64_t now) {
    const auto blank = text.rfind(' ');
    const auto minute = parse_time_of_day(std::string_view(text).substr(blank == std::string::npos ? 0 : blank + 1));
    if (!minute) return minute.error();
    const auto today = policy.zone.local_time(now);
    if (blank == std::string::npos) {
        const auto day = *minute < today.minute ? today.day + 1 : today.day;
        return policy.zone.first_moment_of({day, *minute});
    }
    const auto day_text = text.substr(0, blank);
    if (const auto day = parse_day(day_text)) return policy.zone.first_moment_of({*day, *minute});
    const auto weekday = parse_weekday(day_text);
    if (!weekday) return weekday.error();
    auto day = today.day + (*weekday - today.weekday() + 7) % 7;
    if (day == today.day && *minute < today.minute) day += 7;
    return policy.zone.first_moment_of({day, *minute});
}

}  // namespace

Result<json> explain(Household& household, const Caller&, const json& params) {
    const auto policy = household.policy.load();
    const auto name = params.at("child").get<std::string>();
    auto who = policy->subject_named(name);
    if (who.profile == nullptr)
        return Error{"there is no child and no group called " + name, {}, "'hortctl child list' shows who there is"};
    const auto real_now = platform::now();
    auto now = real_now;
    if (params.contains("at")) {
        const auto moment = moment_of(*policy, params.at("at").get<std::string>(), now.wall_seconds);
        if (!moment) return moment.error();
        now = {*moment, now.boot_seconds + (*moment - now.wall_seconds),
               now.awake_seconds + (*moment - now.wall_seconds)};
    }
    // Another time is asked about as if nothing were used until then.
    std::optional<Person> then;
    if (params.contains("at") && who.person != nullptr) {
        then = *who.person;
        for (auto& state : then->budgets) {
            if (state.empty_at) state.used = state.allowed - state.left(real_now);
            state.empty_at.reset();
        }
        then->break_state.begins_at.reset();
        who.person = &*then;
        who.profile = &then->profile;
    }
    const auto put_until = [&](json& out, const Target& target) {
        const auto until = verdict_until(*policy, who, target, now);
        out["until"] = until ? json(until->wall_seconds) : json();
        out["until_text"] = until ? json(time_text(*policy, until->wall_seconds, real_now.wall_seconds)) : json();
    };
    if (!params.contains("site")) {
        const auto decision = decide(*policy, who, Target::session(), now);
        json out = {{"child", who.display_name()},
                    {"verdict", name_of(decision.verdict)},
                    {"reason", name_of(decision.reason)},
                    {"sentence", explain_session(decision, *policy, who)},
                    {"sources", json::array()}};
        put_until(out, Target::session());
        return out;
    }
    // With a path it is a page.
    auto text = params.at("site").get<std::string>();
    std::string page;
    if (const auto slash = text.find('/'); slash != std::string::npos) {
        page = text.substr(slash);
        text.resize(slash);
    }
    const auto* service = find_service(*policy, text);
    auto host = Hostname::parse(service != nullptr && !service->hosts.empty() ? service->hosts.front().text() : text);
    if (service != nullptr ? service->hosts.empty()
                           : !host || host->label_count() < 2 || text.find(".exe") != std::string::npos) {
        const auto program = service != nullptr && !service->executables.empty() ? service->executables.front() : text;
        const auto target = Target::of_program(program);
        const auto decision = decide(*policy, who, target, now);
        json out = {{"program", program},
                    {"child", who.display_name()},
                    {"verdict", name_of(decision.verdict)},
                    {"reason", name_of(decision.reason)},
                    {"sentence", explain_program(decision, *policy, who, program)},
                    {"sources", json::array()}};
        put_until(out, target);
        return out;
    }
    const auto url = page.empty() ? std::string() : normal_url(*host, page);
    const Target target(*host, url, page);
    const auto decision = decide(*policy, who, target, now);
    json out = {{"site", std::string(host->text()) + page},
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
        if (const auto* known = service_of(*host, *decision.source.category))
            out["sources"].push_back(
                {{"list", "the service " + known->title}, {"line", nullptr}, {"entry", known->id}});
    }
    put_until(out, target);
    return out;
}

// Whoever is not a supervised person logs in as ever, and a guardian whatever anybody wrote.
Result<json> login(Household& household, const Caller& caller, const json& params) {
    const auto account = params.at("account").get<std::string>();
    const auto id = platform::account_id(account);
    if (!id) return Error{"this machine has no account " + account, {}, {}};
    const auto policy = household.policy.load();
    const auto who = policy->subject(*id, {});
    const bool is_known = policy->by_account.contains(*id) || policy->group_by_account.contains(*id);
    const bool is_own = who.person != nullptr && who.person->name == caller.child;
    if (caller.role != ctl::Role::guardian && !is_own) return Error{"only a guardian may ask about others", {}, {}};
    json out = {{"account", account}, {"may", true}, {"text", account + " may log in."}};
    if (!is_known || *id == 0 || platform::is_in_group(*id, "hort") || !who.profile->is_supervised) return out;
    household.timekeeper.catch_up();
    const auto now = platform::now();
    const auto in_force = household.policy.load();
    const auto asked = in_force->subject(*id, {});
    const auto decision = decide(*in_force, asked, Target::session(), now);
    if (!decision.is_blocked()) return out;
    out["may"] = false;
    auto text = explain_session(decision, *in_force, asked);
    if (const auto until = verdict_until(*in_force, asked, Target::session(), now))
        text += " Until " + time_text(*in_force, until->wall_seconds, now.wall_seconds) + ".";
    out["text"] = std::move(text);
    return out;
}

}  // namespace hort::control::handlers
