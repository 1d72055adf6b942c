// What was used: the report, and what a change would have made of it.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "daemon/settings.h"
#include "platform/clock.h"
#include "rules/time_text.h"

namespace hort::control::handlers {
namespace {

using nlohmann::json;

// Names for people: "Games", "YouTube", "the computer".
std::string title_of(const std::string& key) {
    if (const auto category = Taxonomy::shipped().find(key)) return Taxonomy::shipped().entries()[*category].title.en;
    if (const auto* service = Services::shipped().find(key)) return service->title;
    return key;
}

std::string words_of(Reason reason) {
    switch (reason) {
        case Reason::schedule:
            return "outside the hours";
        case Reason::budget:
            return "time used up";
        case Reason::break_time:
            return "during a break";
        case Reason::pause:
            return "paused";
        case Reason::own_rule:
            return "own rules";
        case Reason::content:
            return "What is written there";
        case Reason::not_on_list:
            return "not on the list";
        default:
            return std::string(name_of(reason));
    }
}

// The child that is asked about, with everything that was used until now in the ledger.
struct UpToNow {
    store::PersonRecord record;
    std::shared_ptr<const Policy> policy;
    const Person* person = nullptr;  // in the policy
};

Result<UpToNow> up_to_now(Household& household, const json& params) {
    household.timekeeper.catch_up();
    household.timekeeper.flush();
    auto record = household.people.find(params.at("child").get<std::string>());
    if (!record) return record.error();
    auto policy = household.policy.load();
    const auto* person = policy->find(record->name);
    if (person == nullptr) return Error{record->name + " is a profile", {}, "expected a child"};
    return UpToNow{*std::move(record), std::move(policy), person};
}

}  // namespace

json birthday_json(const store::PersonRecord& person, Day today) {
    if (person.born.empty()) return nullptr;
    const auto born = parse_day(person.born);
    if (!born) return nullptr;
    const auto tier = tier_of_age(age_on(*born, today));
    if (tier <= person.tier) return nullptr;
    const auto& taxonomy = Taxonomy::shipped();
    json opens = json::array();
    for (auto left = taxonomy.blocked_by(person.tier) - taxonomy.blocked_by(tier); !left.empty();
         left = left - CategorySet::of(left.first()))
        opens.push_back(taxonomy.id_of(left.first()));
    return {{"age", age_on(*born, today)}, {"tier", name_of(tier)}, {"opens", std::move(opens)}};
}

Result<json> report(Household& household, const Caller&, const json& params) {
    const auto child = up_to_now(household, params);
    if (!child) return child.error();
    const auto& [record, policy, person] = *child;
    if (params.value("week", false) && params.value("month", false))
        return Error{"--week and --month is too much", {}, "expected one of them"};
    const auto today = household.timekeeper.today();
    const int days = params.value("month", false) ? 30 : params.value("week", false) ? 7 : 1;
    const auto totals = household.ledger.totals(record.id, today - days + 1, today);
    if (!totals) return totals.error();
    const auto now = platform::now();
    json out = {{"child", record.name},
                {"days", json::array()},
                {"categories", json::array()},
                {"uncounted", 0},
                {"keeps_detail", person->profile.keeps_detail},
                {"budgets", budgets_json(*policy, *person, now)},
                {"birthday", birthday_json(record, today)}};
    std::map<Day, std::int64_t> by_day;
    std::map<std::string, std::int64_t> by_key;
    for (const auto& total : *totals) {
        if (total.key.starts_with(store::application_key)) continue;
        if (total.key == store::device_key)
            by_day[total.day] += total.seconds;
        else
            by_key[total.key] += total.seconds;
    }
    for (Day day = today - days + 1; day <= today; ++day)
        out["days"].push_back(
            {{"day", text_of_day(day)}, {"weekday", LocalTime{day, 0}.weekday()}, {"seconds", by_day[day]}});
    if (const auto it = by_key.find(std::string(store::uncounted_key)); it != by_key.end()) {
        out["uncounted"] = it->second;
        by_key.erase(it);
    }
    std::vector<std::pair<std::string, std::int64_t>> sorted(by_key.begin(), by_key.end());
    std::sort(sorted.begin(), sorted.end(), [](auto& a, auto& b) { return a.second > b.second; });
    for (const auto& [key, seconds] : sorted)
        out["categories"].push_back({{"id", key}, {"title", title_of(key)}, {"seconds", seconds}});
    std::int64_t open = 0;
    if (const auto requests = household.grants.requests(true))
        for (const auto& request : *requests) open += request.person == record.id;
    out["open_requests"] = open;
    json blocked = json::object(), watched = json::object();
    household.flush_activity();
    const auto since =
        policy->zone.first_moment_of({today - days + 1, Settings(household.people).day_begin()}) / 3600 * 3600;
    const auto counts = household.activity.counts(record.id, since, 10'000);
    if (!counts) return counts.error();
    for (const auto& entry : *counts) {
        if (entry.verdict == store::ActivityVerdict::allow) continue;
        auto& out_of = entry.verdict == store::ActivityVerdict::block ? blocked : watched;
        const std::string why =
            entry.category ? Taxonomy::shipped().entries()[*entry.category].title.en : words_of(entry.reason);
        out_of[why] = out_of.value(why, std::uint64_t{0}) + entry.count;
    }
    out["blocked"] = std::move(blocked);
    out["watched"] = std::move(watched);
    return out;
}

// What ran in the person's sessions, by how long, and what the rules say of it now.
Result<json> apps(Household& household, const Caller&, const json& params) {
    const auto child = up_to_now(household, params);
    if (!child) return child.error();
    const auto& [record, policy, person] = *child;
    const auto today = household.timekeeper.today();
    const int days = params.value("week", false) ? 7 : 1;
    const auto totals = household.ledger.totals(record.id, today - days + 1, today);
    if (!totals) return totals.error();
    std::map<std::string, std::int64_t> by_name;
    for (const auto& total : *totals)
        if (total.key.starts_with(store::application_key))
            by_name[total.key.substr(store::application_key.size())] += total.seconds;
    std::vector<std::pair<std::string, std::int64_t>> sorted(by_name.begin(), by_name.end());
    std::stable_sort(sorted.begin(), sorted.end(), [](auto& a, auto& b) { return a.second > b.second; });
    json out = {{"child", record.name},
                {"days", days},
                {"keeps_detail", person->profile.keeps_detail},
                {"apps", json::array()}};
    const Subject who{person, &person->profile};
    for (const auto& [name, seconds] : sorted) {
        const auto decision = decide(*policy, who, Target::of_program(name), platform::now());
        std::string word = "program:" + name;
        for (const auto& service : Services::shipped().all())
            if (service.has_program(name)) word = service.id;
        out["apps"].push_back({{"name", name},
                               {"title", household.timekeeper.title_of_application(name)},
                               {"seconds", seconds},
                               {"verdict", name_of(decision.verdict)},
                               {"subject", word},
                               {"sentence", explain_program(decision, *policy, who, name)}});
    }
    return out;
}

// The spans of one key are laid against other hours and another amount, day by day.
Result<json> simulate(Household& household, const Caller&, const json& params) {
    household.timekeeper.catch_up();
    household.timekeeper.flush();
    const auto record = household.people.find(params.at("child").get<std::string>());
    if (!record) return record.error();
    if (!params.contains("hours") && !params.contains("budget"))
        return Error{"nothing to try is given", {}, "expected --hours 15:00-19:00 or --budget 1h30, or both"};
    const auto policy = household.policy.load();
    auto key = key_of(params.value("of", json::array()));
    if (key.empty()) key = store::device_key;
    const auto now = platform::now();
    const auto days = Settings(household.people).detail_days();
    const auto spans = household.ledger.spans(record->id, now.wall_seconds - std::int64_t{days} * 86400);
    if (!spans) return spans.error();
    unsigned chosen = 0x7f;
    if (params.contains("days")) {
        const auto weekdays = parse_weekdays(params.at("days").get<std::string>());
        if (!weekdays) return weekdays.error();
        chosen = *weekdays;
    }
    Schedule hours;
    if (params.contains("hours")) {
        const auto windows = parse_windows(params.at("hours").get<std::string>());
        if (!windows) return windows.error();
        for (int day = 0; day < 7; ++day) {
            if ((chosen >> day & 1) == 0)
                hours.add(day, {0, 1440});
            else
                for (const auto& window : *windows) hours.add(day, window);
        }
    } else {
        for (int day = 0; day < 7; ++day) hours.add(day, {0, 1440});
    }
    const auto budget = params.value("budget", Budget::unlimited);
    struct Day_ {
        std::int64_t used = 0, kept = 0, first_cut = 0;
    };
    std::map<Day, Day_> by_day;
    const auto begin = Settings(household.people).day_begin();
    for (const auto& span : *spans) {
        if (span.key != key) continue;
        // Piece by piece, as long as nothing changes.
        for (auto at = span.start; at < span.start + span.seconds;) {
            const auto local = policy->zone.local_time(at);
            auto day = local.day;
            const auto day_start = policy->zone.first_moment_of({day, begin});
            auto end = span.start + span.seconds;
            if (at < day_start) {
                --day;
                end = std::min(end, day_start);
            } else {
                end = std::min(end, policy->zone.first_moment_of({day + 1, begin}));
            }
            if (const auto change = hours.next_change(at, policy->zone)) end = std::min(end, *change);
            auto& of_day = by_day[day];
            const bool is_limited = (chosen >> LocalTime{day, 0}.weekday() & 1) != 0;
            const auto length = end - at;
            auto kept = hours.is_on(local) ? length : 0;
            if (is_limited) kept = std::min(kept, std::max<std::int64_t>(0, budget - of_day.kept));
            if (kept < length && of_day.first_cut == 0) of_day.first_cut = at + kept;
            of_day.used += length;
            of_day.kept += kept;
            at = end;
        }
    }
    json out = {{"child", record->name}, {"scope", key},      {"title", title_of(key)}, {"kept_days", days},
                {"days", json::array()}, {"used_seconds", 0}, {"cut_seconds", 0},       {"cut_days", 0}};
    std::int64_t used = 0, cut = 0, cut_days = 0;
    for (const auto& [day, of_day] : by_day) {
        const auto lost = of_day.used - of_day.kept;
        used += of_day.used;
        cut += lost;
        cut_days += lost > 0;
        out["days"].push_back(
            {{"day", text_of_day(day)},
             {"weekday", LocalTime{day, 0}.weekday()},
             {"used", of_day.used},
             {"cut", lost},
             {"cut_at",
              of_day.first_cut == 0 ? json() : json(time_text(*policy, of_day.first_cut, of_day.first_cut))}});
    }
    out["used_seconds"] = used;
    out["cut_seconds"] = cut;
    out["cut_days"] = cut_days;
    return out;
}

}  // namespace hort::control::handlers
