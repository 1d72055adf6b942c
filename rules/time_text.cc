#include "rules/time_text.h"

#include <cstdio>

namespace hort {
namespace {

std::string shown(std::string_view text) { return std::string(text.substr(0, 40)); }

// Calls `each` for every part between commas; stops at the first error.
template <typename Each>
Status for_each_part(std::string_view text, const Each& each) {
    for (;;) {
        const auto comma = text.find(',');
        if (Status done = each(text.substr(0, comma)); !done) return done;
        if (comma == std::string_view::npos) return Done{};
        text.remove_prefix(comma + 1);
    }
}

}  // namespace

Result<std::int64_t> parse_duration(std::string_view text) {
    constexpr std::int64_t most = 366 * 86400;
    const Error wrong{"not a duration", shown(text), "expected one such as 30m, 1h or 1h30"};
    std::int64_t total = 0, unit = 0;  // of the number before, so that the 30 of "1h30" are minutes
    for (std::size_t at = 0; at < text.size();) {
        std::int64_t number = 0;
        const auto digits = at;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at - digits < 9)
            number = number * 10 + (text[at++] - '0');
        if (at == digits) return wrong;
        while (at < text.size() && text[at] == ' ') ++at;
        const auto letters = at;
        while (at < text.size() && text[at] >= 'a' && text[at] <= 'z') ++at;
        const auto word = text.substr(letters, at - letters);
        std::int64_t next = 0;
        if (word == "h" || word == "hour" || word == "hours")
            next = 3600;
        else if (word == "m" || word == "min" || word == "minutes" || (word.empty() && unit == 3600))
            next = 60;
        else if (word == "s" || word == "sec")
            next = 1;
        else if (word == "d" || word == "day" || word == "days")
            next = 86400;
        else if (word.empty())
            return Error{"a number without a unit", shown(text), "expected one such as 30m, 1h or 1h30"};
        if (next == 0 || (unit != 0 && next >= unit)) return wrong;
        unit = next;
        total += number * unit;
        while (at < text.size() && text[at] == ' ') ++at;
    }
    if (total == 0) return wrong;
    if (total > most) return Error{"longer than a year", shown(text), "expected one such as 30m, 1h or 1h30"};
    return total;
}

std::string text_of_duration(std::int64_t seconds) {
    if (seconds < 0) seconds = 0;
    const auto hours = seconds / 3600, minutes = seconds % 3600 / 60, rest = seconds % 60;
    std::string out;
    if (hours > 0) out = std::to_string(hours) + " h";
    if (minutes > 0) out += (out.empty() ? "" : " ") + std::to_string(minutes) + " min";
    if (out.empty() || (rest > 0 && hours == 0 && minutes < 5))
        out += (out.empty() ? "" : " ") + std::to_string(rest) + " s";
    return out;
}

Result<std::int64_t> parse_amount(std::string_view text) {
    if (text == "none") return std::int64_t{0};
    if (text == "all") return Budget::unlimited;
    auto out = parse_duration(text);
    if (!out) return Error{out.error().what, out.error().where, out.error().hint + ", none or all"};
    return out;
}

std::string text_of_amount(std::int64_t seconds) {
    if (seconds == 0) return "none";
    if (seconds >= Budget::unlimited) return "all";
    std::string out;
    if (seconds >= 3600) out = std::to_string(seconds / 3600) + "h";
    if (seconds % 3600 >= 60) out += std::to_string(seconds % 3600 / 60) + "m";
    if (seconds % 60 > 0) out += std::to_string(seconds % 60) + "s";
    return out;
}

Result<std::array<std::int64_t, 7>> parse_amounts(std::string_view text) {
    std::array<std::int64_t, 7> out;
    out.fill(Budget::unlimited);
    while (!text.empty()) {
        const auto end = text.find(';');
        auto part = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        while (part.starts_with(' ')) part.remove_prefix(1);
        const auto blank = part.find(' ');
        const auto days = parse_weekdays(part.substr(0, blank));
        if (!days) return days.error();
        const auto amount = parse_amount(blank == std::string_view::npos ? std::string_view() : part.substr(blank + 1));
        if (!amount) return amount.error();
        for (std::size_t day = 0; day < 7; ++day)
            if ((*days >> day & 1) != 0) out[day] = *amount;
    }
    return out;
}

std::string text_of_amounts(const std::array<std::int64_t, 7>& seconds) {
    std::string out;
    unsigned done = 0;
    for (std::size_t day = 0; day < 7; ++day) {
        if ((done >> day & 1) != 0 || seconds[day] >= Budget::unlimited) continue;
        unsigned same = 0;
        for (std::size_t other = day; other < 7; ++other)
            if (seconds[other] == seconds[day]) same |= 1u << other;
        done |= same;
        out += (out.empty() ? "" : "; ") + text_of_weekdays(same) + " " + text_of_amount(seconds[day]);
    }
    return out;
}

Result<unsigned> parse_weekdays(std::string_view text) {
    unsigned out = 0;
    const auto done = for_each_part(text, [&](std::string_view part) -> Status {
        if (part == "daily") out |= 0x7f;
        if (part == "weekdays") out |= 0x1f;
        if (part == "weekends" || part == "weekend") out |= 0x60;
        if (part == "daily" || part == "weekdays" || part == "weekends" || part == "weekend") return Done{};
        const auto dash = part.find('-');
        const auto first = parse_weekday(part.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : parse_weekday(part.substr(dash + 1));
        if (!first || !last)
            return Error{
                "\"" + shown(part) + "\" is no weekday",
                {},
                "expected mon to sun, a range such as mon-fri, several with commas, weekdays, weekends or daily"};
        for (int day = *first;; day = (day + 1) % 7) {
            out |= 1u << day;
            if (day == *last) return Done{};
        }
    });
    if (!done) return done.error();
    return out;
}

std::string text_of_weekdays(unsigned days) {
    if (days == 0x7f) return "daily";
    if (days == 0x60) return "weekends";
    const auto name = [](int day) {
        auto out = std::string(name_of_weekday(day).substr(0, 3));
        out[0] = static_cast<char>(out[0] | 32);
        return out;
    };
    std::string out;
    for (int day = 0; day < 7;) {
        if ((days >> day & 1) == 0) {
            ++day;
            continue;
        }
        int last = day;
        while (last < 6 && (days >> (last + 1) & 1) != 0) ++last;
        out += (out.empty() ? "" : ",") + name(day) + (last == day ? "" : (last == day + 1 ? "," : "-") + name(last));
        day = last + 1;
    }
    return out;
}

Result<std::pair<Day, Day>> parse_days(std::string_view text) {
    const auto dots = text.find("..");
    const auto first = parse_day(text.substr(0, dots));
    const auto last = dots == std::string_view::npos ? first : parse_day(text.substr(dots + 2));
    if (!first || !last) return (first ? last : first).error();
    if (*last < *first)
        return Error{"the range ends before it begins", shown(text), "expected one such as 2026-12-23..2027-01-06"};
    return std::pair(*first, *last);
}

Result<Schedule::Window> parse_window(std::string_view text) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) return Error{"not a window", shown(text), "expected one such as 15:00-19:30"};
    const auto from = parse_time_of_day(text.substr(0, dash)), to = parse_time_of_day(text.substr(dash + 1));
    if (!from || !to) return (from ? to : from).error();
    if (*from == 1440 || *from == *to)
        return Error{"the window is empty", shown(text),
                     "expected one such as 15:00-19:30, or 22:00-06:00 past midnight"};
    return Schedule::Window{*from, *to};
}

std::string text_of_window(Schedule::Window window) {
    char out[32];
    std::snprintf(out, sizeof out, "%02d:%02d-%02d:%02d", window.from / 60, window.from % 60, window.to / 60,
                  window.to % 60);
    return out;
}

Result<std::vector<Schedule::Window>> parse_windows(std::string_view text) {
    std::vector<Schedule::Window> out;
    if (text == "none") return out;
    if (text == "all") {
        out.push_back({0, 1440});
        return out;
    }
    const auto done = for_each_part(text, [&](std::string_view part) -> Status {
        const auto window = parse_window(part);
        if (!window) return window.error();
        out.push_back(*window);
        return Done{};
    });
    if (!done) return done.error();
    return out;
}

std::string text_of_windows(const std::vector<Schedule::Window>& windows) {
    if (windows.empty()) return "none";
    if (windows.size() == 1 && windows[0].from == 0 && windows[0].to == 1440) return "all";
    std::string out;
    for (const auto& window : windows) out += (out.empty() ? "" : ",") + text_of_window(window);
    return out;
}

}  // namespace hort
