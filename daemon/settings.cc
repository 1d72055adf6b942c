#include "daemon/settings.h"

#include "rules/nearest.h"
#include "rules/time_text.h"

namespace hort {
namespace {

struct Known {
    const char *name, *unset, *help;
};
constexpr Known known[] = {
    {"day-start", "04:00", "when a day of use begins: who is up after midnight still uses the day before"},
    {"idle-after", "5m", "how long after its last input an idle session counts as in use"},
    {"detail-days", "28", "for how many days it is kept when something was used, from which 'simulate' works"},
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

std::vector<Settings::Entry> Settings::all() const {
    std::vector<Entry> out;
    for (const auto& one : known) out.push_back({one.name, people_.setting(one.name), one.unset, one.help});
    return out;
}

Result<std::string> Settings::check(const std::string& name, const std::string& value) {
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
    if (name == "detail-days") {
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
