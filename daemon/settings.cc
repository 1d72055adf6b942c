#include "daemon/settings.h"

#include <algorithm>

#include "rules/nearest.h"
#include "rules/time_text.h"

namespace hort {
namespace {

struct Known {
    const char *name, *unset, *help;
};
constexpr Known known[] = {
    {"country", "by the time zone", "whose helpline a blocked page names: two letters, such as DE"},
    {"day-start", "04:00", "when a day of use begins: who is up after midnight still uses the day before"},
    {"idle-after", "5m", "how long after its last input an idle session counts as in use"},
    {"detail-days", "28", "for how many days it is kept when something was used, from which 'simulate' works"},
    {"log-level", "counts",
     "what is kept of decisions: none, counts (by hour and category), blocked (with names), or full (what was allowed, "
     "too)"},
    {"log-days", "7", "for how many days names are kept; counts by hour are kept for detail-days"},
    {"kept-days", "400", "for how many days totals, answered requests and the trail of changes are kept"},
};

}  // namespace

std::int32_t Settings::day_begin() const {
    const auto minute = parse_time_of_day(people_.setting("day-start"));
    return minute ? *minute : 4 * 60;
}

std::int64_t Settings::idle_after() const {
    const auto seconds = parse_duration(people_.setting("idle-after"));
    return seconds ? *seconds : 5 * 60;
}

int Settings::detail_days() const {
    const auto text = people_.setting("detail-days");
    return text.empty() ? 28 : std::stoi(text);
}

int Settings::kept_days() const {
    const auto text = people_.setting("kept-days");
    return text.empty() ? 400 : std::stoi(text);
}

LogLevel Settings::log_level() const {
    return parse_log_level(people_.setting("log-level")).value_or(LogLevel::counts);
}

int Settings::log_days() const {
    const auto text = people_.setting("log-days");
    return text.empty() ? 7 : std::stoi(text);
}

std::string Settings::country() const { return people_.setting("country"); }

bool Settings::looks_into_tls() const { return people_.setting("intercept") == "on"; }

std::vector<std::string> Settings::left_alone() const {
    std::vector<std::string> out;
    std::string one;
    for (const char c : people_.setting("intercept-left-alone") + ",") {
        if (c != ',') {
            one += c;
        } else if (!one.empty()) {
            out.push_back(std::exchange(one, {}));
        }
    }
    return out;
}

std::vector<Settings::Entry> Settings::all() const {
    std::vector<Entry> out;
    for (const auto& one : known) out.push_back({one.name, people_.setting(one.name), one.unset, one.help});
    return out;
}

Result<std::string> Settings::check(const std::string& name, const std::string& value) {
    if (name == "country") {
        const bool is_code = value.size() == 2 && std::all_of(value.begin(), value.end(), [](char c) {
                                 return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
                             });
        if (!is_code) return Error{"not a country: " + value.substr(0, 40), {}, "expected two letters, such as DE"};
        std::string out = value;
        for (auto& c : out) c = static_cast<char>(c & ~0x20);
        return out;
    }
    if (name == "day-start") {
        const auto minute = parse_time_of_day(value);
        if (!minute) return Error{minute.error().what + ": " + value, {}, "expected one such as 04:00"};
        if (*minute >= 720)
            return Error{"a day of use begins in the first half of a day", {}, "expected one such as 04:00"};
        return value;
    }
    if (name == "idle-after") {
        const auto seconds = parse_duration(value);
        if (!seconds) return seconds.error();
        if (*seconds > 3600) return Error{"more than an hour", {}, "expected one such as 5m"};
        return text_of_amount(*seconds);
    }
    if (name == "log-level") {
        if (!parse_log_level(value))
            return Error{"no such level: " + value, {}, "expected none, counts, blocked or full"};
        return value;
    }
    if (name == "detail-days" || name == "log-days") {
        if (value.empty() || value.size() > 3 || value.find_first_not_of("0123456789") != std::string::npos)
            return Error{"not a number of days: " + value, {}, "expected 0 to 999"};
        return std::to_string(std::stoi(value));
    }
    if (name == "kept-days") {
        if (value.empty() || value.size() > 4 || value.find_first_not_of("0123456789") != std::string::npos ||
            std::stoi(value) < 63)
            return Error{"not a number of days: " + value, {}, "expected 63 (two months, which budgets need) to 9999"};
        return std::to_string(std::stoi(value));
    }
    std::vector<std::string_view> names;
    for (const auto& one : known) names.push_back(one.name);
    const auto near = nearest(name, names);
    return Error{"there is no setting " + name.substr(0, 40),
                 {},
                 near.empty() ? "'hortctl settings' shows them" : "did you mean " + std::string(near) + "?"};
}

}  // namespace hort
