#include "ctl/render.h"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "ctl/commands.h"
#include "rules/local_time.h"
#include "rules/time_text.h"

namespace hort::ctl {
namespace {

using Json = nlohmann::json;
using Row = std::vector<std::string>;

// Marks for a terminal; nothing elsewhere.
// https://www.ecma-international.org/publications-and-standards/standards/ecma-48/
struct Style {
    bool has_colour = false;
    std::string good(const std::string& text) const { return marked("32", text); }
    std::string warning(const std::string& text) const { return marked("33", text); }
    std::string bad(const std::string& text) const { return marked("31;1", text); }
    std::string strong(const std::string& text) const { return marked("1", text); }
    std::string bar(const std::string& text) const { return marked("36", text); }

  private:
    std::string marked(const char* code, const std::string& text) const {
        return has_colour ? std::string("\x1b[") + code + "m" + text + "\x1b[0m" : text;
    }
};

// Columns as wide as their widest cell; the last is not padded.
std::string table(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (widths.size() <= i) widths.push_back(0);
            widths[i] = std::max(widths[i], row[i].size());
        }
    std::string out;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += row[i];
            if (i + 1 < row.size()) out += std::string(widths[i] - row[i].size() + 2, ' ');
        }
        while (out.ends_with(' ')) out.pop_back();
        out += '\n';
    }
    return out;
}

std::string joined(const Json& list) {
    std::string out;
    for (const auto& item : list) out += (out.empty() ? "" : ", ") + item.get<std::string>();
    return out.empty() ? "-" : out;
}

std::string number(const Json& value) {
    auto digits = std::to_string(value.get<std::uint64_t>());
    for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
}

std::string local_time(const Json& seconds) {
    const auto at = static_cast<std::time_t>(seconds.get<std::int64_t>());
    char text[32] = "";
    if (const std::tm* local = std::localtime(&at)) std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", local);
    return text;
}

// " (until 17:30)"
std::string until_text(const Json& value) {
    return value.value("until_text", Json()).is_string() ? " (until " + value.at("until_text").get<std::string>() + ")"
                                                         : std::string();
}

// "mia may use the computer, until 17:30."
std::string sentence_until(const Json& value) {
    auto out = value.at("sentence").get<std::string>();
    if (!value.value("until_text", Json()).is_string()) return out;
    if (out.ends_with('.')) out.pop_back();
    return out + ", until " + value.at("until_text").get<std::string>() + ".";
}

// "45 min left of 1 h a day"
std::string budget_text(const Json& budget) {
    const auto period = budget.at("period").get<std::string>();
    if (!budget.contains("allowed") || budget.at("allowed").is_null()) return budget.at("amount").get<std::string>();
    std::string out = (budget.at("left") == 0 ? "nothing" : text_of_duration(budget.at("left"))) + " left of " +
                      text_of_duration(budget.at("allowed")) + (period == "day" ? " today" : " this " + period);
    std::string parts;
    if (budget.value("carried", 0) > 0) parts = text_of_duration(budget.at("carried")) + " carried over";
    if (budget.value("reserve", 0) > 0)
        parts += (parts.empty() ? "" : ", ") + text_of_duration(budget.at("reserve")) + " added";
    return out + (parts.empty() ? "" : " (" + parts + ")");
}

std::string title_of(const Json& budget) {
    return budget.at("scope") == "device" ? "the computer" : budget.at("title").get<std::string>();
}

std::string render_budgets(const Json& result) {
    const auto child = result.at("child").get<std::string>();
    std::string out;
    if (result.at("budgets").empty()) {
        out = child + " has no budget: time is not limited.\nSet one:  hortctl budget set " + child + " 1h30\n";
    } else {
        std::vector<Row> rows = {{"OF", "AMOUNT", "LEFT", "NEXT"}};
        for (const auto& budget : result.at("budgets"))
            rows.push_back({title_of(budget),
                            budget.at("amount").get<std::string>() +
                                (budget.at("carries_over").get<bool>() ? ", carries over" : ""),
                            budget.contains("used")
                                ? budget_text(budget) + (budget.at("is_running").get<bool>() ? ", in use" : "")
                                : "",
                            budget.value("renews_text", "")});
        out = table(rows);
    }
    if (result.contains("break") && !result.at("break").is_null())
        out += "\nAfter " + text_of_duration(result.at("break").at("after")) + " comes a break of " +
               text_of_duration(result.at("break").at("length")) + ".\n";
    if (!result.at("uncounted").empty())
        out += "\nUses up nothing while nothing else is in front: " + joined(result.at("uncounted")) + "\n";
    return out;
}

std::string bar_of(std::int64_t seconds, std::int64_t most, std::size_t width) {
    const auto cells = most > 0
                           ? static_cast<std::size_t>((seconds * static_cast<std::int64_t>(width) + most - 1) / most)
                           : std::size_t{0};
    return std::string(cells, '#') + std::string(width - cells, ' ');
}

std::string birthday_text(const Json& child) {
    if (!child.contains("birthday") || child.at("birthday").is_null()) return {};
    const auto& birthday = child.at("birthday");
    const auto name =
        child.contains("name") ? child.at("name").get<std::string>() : child.at("child").get<std::string>();
    return name + " is " + std::to_string(birthday.at("age").get<int>()) + ": the age tier " +
           birthday.at("tier").get<std::string>() + " is due. It would open: " + joined(birthday.at("opens")) +
           ".\nAgree to it:  hortctl child promote " + name + "\n";
}

std::string render_apps(const Json& result) {
    const auto child = result.at("child").get<std::string>();
    const std::string when = result.at("days") == 1 ? "today" : "in the last 7 days";
    if (!result.at("keeps_detail").get<bool>())
        return "What ran is not kept at this age ('hortctl child set " + child + " --detail full' would keep it; " +
               child + " sees that).\n";
    if (result.at("apps").empty()) return "No application ran in a session of " + child + " " + when + ".\n";
    std::vector<Row> rows = {{"APPLICATION", "TIME", "NOW", "BLOCK IT BY"}};
    for (const auto& app : result.at("apps"))
        rows.push_back({app.at("title"), text_of_duration(app.at("seconds")),
                        app.at("verdict") == "block" ? "blocked" : "allowed",
                        "hortctl block " + child + " " + app.at("subject").get<std::string>()});
    return table(rows);
}

std::string render_report(const Json& report, const Style& style) {
    std::string out;
    std::int64_t most = 0, total = 0;
    for (const auto& day : report.at("days")) {
        most = std::max(most, day.at("seconds").get<std::int64_t>());
        total += day.at("seconds").get<std::int64_t>();
    }
    const auto child = report.at("child").get<std::string>();
    const auto days = report.at("days").size();
    out += style.strong(child + (days == 1 ? " today" : " in the last " + std::to_string(days) + " days")) + ": " +
           (total == 0 ? std::string("not at the computer") : text_of_duration(total) + " at the computer") +
           (days > 1 && total > 0 ? ", " + text_of_duration(total / static_cast<std::int64_t>(days)) + " a day" : "") +
           "\n";
    if (days > 1)
        for (const auto& day : report.at("days")) {
            const auto seconds = day.at("seconds").get<std::int64_t>();
            out += "  " + std::string(name_of_weekday(day.at("weekday")).substr(0, 3)) + " " +
                   day.at("day").get<std::string>() + "  " + style.bar(bar_of(seconds, most, 30)) + "  " +
                   (seconds > 0 ? text_of_duration(seconds) : "-") + "\n";
        }
    if (report.at("uncounted") > 0)
        out += "And " + text_of_duration(report.at("uncounted")) + " that used up nothing.\n";
    if (!report.at("categories").empty()) {
        out += "\nWhat for:\n";
        std::size_t width = 0;
        for (const auto& row : report.at("categories"))
            width = std::max(width, row.at("title").get<std::string>().size());
        std::int64_t largest = 0;
        int shown = 0;
        for (const auto& row : report.at("categories")) {
            if (++shown > 10) break;
            const auto seconds = row.at("seconds").get<std::int64_t>();
            largest = std::max(largest, seconds);
            const auto title = row.at("title").get<std::string>();
            out += "  " + title + std::string(width - title.size() + 2, ' ') + style.bar(bar_of(seconds, largest, 20)) +
                   "  " + text_of_duration(seconds) + "\n";
        }
    } else if (!report.at("keeps_detail").get<bool>()) {
        out += "What it was used for is not kept at this age ('hortctl child set " + child +
               " --detail full' would keep it; " + child + " sees that).\n";
    }
    if (!report.at("budgets").empty()) {
        out += "\nBudgets:\n";
        for (const auto& budget : report.at("budgets"))
            out += "  " + title_of(budget) + ": " + budget_text(budget) + "\n";
    }
    if (!report.at("blocked").empty()) {
        out += "\nRefused since the start of Hort:";
        for (const auto& [why, count] : report.at("blocked").items())
            out += " " + why + " (" + std::to_string(count.get<std::uint64_t>()) + "),";
        out.back() = '\n';
    }
    if (report.at("open_requests") > 0)
        out += "\n" + std::to_string(report.at("open_requests").get<int>()) + " request waits: 'hortctl requests'\n";
    const auto birthday = birthday_text(report);
    return out + (birthday.empty() ? "" : "\n" + birthday);
}

std::string render_simulate(const Json& result) {
    const auto child = result.at("child").get<std::string>();
    const auto what = result.at("scope") == "device" ? "the computer" : result.at("title").get<std::string>();
    if (result.at("days").empty())
        return "Nothing is known of when " + child + " used " + what + " in the last " +
               std::to_string(result.at("kept_days").get<int>()) + " days.\n";
    std::string out = child + " used " + what + " on " + std::to_string(result.at("days").size()) + " of the last " +
                      std::to_string(result.at("kept_days").get<int>()) + " days, " +
                      text_of_duration(result.at("used_seconds")) + " in all.\n";
    if (result.at("cut_days") == 0) return out + "Nothing would have been different.\n";
    out += "On " + std::to_string(result.at("cut_days").get<int>()) + " of them " +
           text_of_duration(result.at("cut_seconds")) + " would have been refused:\n";
    for (const auto& day : result.at("days")) {
        if (day.at("cut") == 0) continue;
        out += "  " + std::string(name_of_weekday(day.at("weekday")).substr(0, 3)) + " " +
               day.at("day").get<std::string>() + "  used " + text_of_duration(day.at("used")) + ", refused " +
               text_of_duration(day.at("cut")) + ", first at " + day.at("cut_at").get<std::string>() + "\n";
    }
    return out;
}

std::string render_doctor(const Json& result, const Style& style) {
    std::string out;
    for (const auto& check : result.at("checks")) {
        const auto state = check.at("state").get<std::string>();
        out += (state == "good"      ? style.good("good     ")
                : state == "warning" ? style.warning("warning  ")
                                     : style.bad("bad      ")) +
               check.at("what").get<std::string>() + "\n";
        if (!check.at("fix").get<std::string>().empty())
            out += "           mend it: " + check.at("fix").get<std::string>() + "\n";
    }
    return out;
}

std::string render_audit(const Json& result) {
    if (result.at("changes").empty()) return "No setting was changed yet.\n";
    std::string out;
    for (const auto& change : result.at("changes")) {
        out += local_time(change.at("time")) + "  " + change.at("actor").get<std::string>() + "  " +
               change.at("action").get<std::string>() + "  " + change.at("detail").get<std::string>() + "\n";
        for (const auto& [key, mark] : {std::pair("before", "  - "), std::pair("after", "  + ")}) {
            const auto lines = change.at(key).get<std::string>();
            for (std::size_t at = 0; at < lines.size();) {
                const auto end = std::min(lines.find('\n', at), lines.size());
                out += mark + lines.substr(at, end - at) + "\n";
                at = end + 1;
            }
        }
    }
    return out;
}

std::string render_settings(const Json& result) {
    std::vector<Row> rows = {{"NAME", "VALUE", "WHAT"}};
    for (const auto& entry : result.at("settings"))
        rows.push_back(
            {entry.at("name"),
             entry.at("value").get<std::string>() + (entry.at("is_default").get<bool>() ? " (as shipped)" : ""),
             entry.at("help")});
    return table(rows);
}

std::string render_profiles(const Json& result) {
    std::vector<Row> rows = {{"PROFILE", "OWN RULES", "WHO FOLLOWS"}};
    for (const auto& profile : result.at("profiles"))
        rows.push_back({profile.at("name"), std::to_string(profile.at("rules").get<int>()),
                        profile.at("name") == "household" ? Json("devices that belong to nobody known")
                                                          : Json(joined(profile.at("followers")))});
    return table(rows);
}

std::string render_grant(const Json& grant) {
    const auto kind = grant.at("kind").get<std::string>();
    return (kind == "allow"   ? "allowed " + grant.at("subject").get<std::string>()
            : kind == "bonus" ? std::string("more time")
                              : std::string("paused")) +
           until_text(grant);
}

std::string render_hours(const Json& result) {
    if (result.at("hours").empty())
        return result.at("child").get<std::string>() +
               " has no hours: any time is allowed.\nSet some:  hortctl hours set " +
               result.at("child").get<std::string>() + " mon-fri 15:00-19:30\n";
    std::vector<Row> rows = {{"DAYS", "HOURS", "OF"}};
    for (const auto& row : result.at("hours"))
        rows.push_back({row.at("days"), row.at("windows"),
                        row.at("subject").get<std::string>().empty() ? Json("being online") : row.at("subject")});
    return table(rows);
}

std::string render_week(const Json& week) {
    std::string out = "                0     3     6     9     12    15    18    21    24\n";
    const int today = week.at("today").get<int>();
    for (const auto& day : week.at("days")) {
        const int weekday = day.at("weekday").get<int>();
        out += std::string(name_of_weekday(weekday).substr(0, 3)) + " " + day.at("day").get<std::string>() + "  " +
               day.at("halves").get<std::string>() + (weekday == today ? "  today" : "") + "\n";
        if (weekday == today)
            out += std::string(static_cast<std::size_t>(16 + week.at("minute").get<int>() / 30), ' ') + "^ now\n";
    }
    out += "                # online, + a part of the half hour, . not\n\n" + sentence_until(week) + "\n";
    for (const auto& budget : week.at("budgets"))
        out += "Budget of " + title_of(budget) + ": " + budget_text(budget) + "\n";
    if (!week.at("break").is_null())
        out += "After " + text_of_duration(week.at("break").at("after")) + " comes a break of " +
               text_of_duration(week.at("break").at("length")) + ".\n";
    for (const auto& grant : week.at("grants")) out += "Grant: " + render_grant(grant) + "\n";
    return out;
}

std::string render_requests(const Json& result) {
    if (result.at("requests").empty()) return "No request waits.\n";
    std::vector<Row> rows = {{"NO", "CHILD", "ASKS FOR", "WHY", "MADE", "STATE"}};
    for (const auto& request : result.at("requests"))
        rows.push_back(
            {std::to_string(request.at("id").get<std::int64_t>()), request.at("child"), request.at("subject"),
             request.at("why"), local_time(request.at("made")),
             request.at("state").get<std::string>() + (request.at("answer").get<std::string>().empty()
                                                           ? std::string()
                                                           : ": " + request.at("answer").get<std::string>())});
    return table(rows);
}

std::string render_child(const Json& child) {
    std::vector<Row> rows = {{"Name", child.at("name")}, {"Age tier", child.at("tier")}};
    rows.push_back({"Supervised", child.at("supervised").get<bool>() ? "yes" : "no"});
    rows.push_back({"Accounts", joined(child.at("accounts"))});
    rows.push_back({"Devices", joined(child.at("devices"))});
    // As many in a line as are easily read.
    std::string line;
    const char* label = "Blocked";
    for (const auto& category : child.at("blocked_categories")) {
        const auto id = category.get<std::string>();
        if (line.size() + id.size() > 70) {
            rows.push_back({label, line + ","});
            label = "";
            line.clear();
        }
        line += (line.empty() ? "" : ", ") + id;
    }
    rows.push_back({label, line.empty() ? "-" : line});
    if (child.contains("times")) {
        const auto& times = child.at("times");
        rows.push_back({"Now", sentence_until(times)});
        for (const auto& budget : times.at("budgets"))
            rows.push_back({"Budget", title_of(budget) + ": " + budget_text(budget)});
        for (const auto& grant : times.at("grants")) rows.push_back({"Grant", render_grant(grant)});
        if (child.at("supervised").get<bool>()) rows.push_back({"Kept", child.at("log_level")});
        rows.push_back({"At the end", child.at("at_end")});
        for (const auto& [name, value] : child.at("switches").items())
            rows.push_back({"Switch", name + " " + value.get<std::string>()});
    }
    for (const auto& rule : child.at("rules"))
        rows.push_back({"Own rule", rule.at("verdict").get<std::string>() + " " +
                                        rule.at("subject").get<std::string>() +
                                        (rule.at("always").get<bool>() ? " (outside the hours, too)" : "")});
    const auto birthday = birthday_text(child);
    return table(rows) + (birthday.empty() ? "" : "\n" + birthday);
}

// "online until 19:30, more time (until 20:00)"
std::string now_text(const Json& child) {
    if (!child.contains("times")) return "-";
    const auto& times = child.at("times");
    std::string out = (times.at("may_be_online").get<bool>() ? "online" : "offline") + until_text(times);
    for (const auto& budget : times.at("budgets"))
        if (budget.contains("left") && !budget.at("left").is_null())
            out += ", " + title_of(budget) + " " + text_of_duration(budget.at("left")) + " left";
    for (const auto& grant : times.at("grants")) out += ", " + render_grant(grant);
    return out;
}

std::string render_status(const Json& status) {
    std::vector<Row> rows = {{"hortd", status.at("version")}};
    if (status.contains("dns")) {
        rows.push_back({"DNS", status.at("dns")});
        const char* label = "Asks";
        for (const auto& upstream : status.at("upstreams")) {
            const auto zone = upstream.at("zone").get<std::string>();
            rows.push_back(
                {std::exchange(label, ""),
                 upstream.at("address").get<std::string>() + (zone.empty() ? "" : " for " + zone) +
                     (upstream.at("answers").get<bool>() ? std::string() : ", which does not answer at present")});
        }
        rows.push_back({"Proxy", status.at("proxy")});
        rows.push_back({"Names", number(status.at("names")) + " from " + number(status.at("list_count")) + " lists"});
        for (const auto& file : status.at("rule_files"))
            rows.push_back({"Rule file", file.at("name").get<std::string>() + " serial " +
                                             std::to_string(file.at("serial").get<std::int64_t>())});
        const auto& counts = status.at("counters");
        rows.push_back({"DNS queries", number(counts.at("dns_queries")) + ", blocked " +
                                           number(counts.at("dns_blocked")) + ", from the cache " +
                                           number(counts.at("dns_cached")) + ", failed " +
                                           number(counts.at("dns_failed"))});
        rows.push_back({"Proxy requests",
                        number(counts.at("proxy_requests")) + ", blocked " + number(counts.at("proxy_blocked"))});
    }
    std::string out = table(rows);
    const auto& children = status.at("children");
    if (children.empty()) {
        out += "\nNobody is set up yet. 'hortctl setup' asks a few questions and puts the filter in force.\n";
    } else {
        out += '\n';
        std::vector<Row> people = {{"CHILD", "TIER", "ACCOUNTS", "DEVICES", "OWN RULES", "NOW"}};
        for (const auto& child : children)
            people.push_back({child.at("name"), child.at("tier"), joined(child.at("accounts")),
                              joined(child.at("devices")), std::to_string(child.at("rules").size()), now_text(child)});
        out += table(people);
        for (const auto& child : children)
            if (const auto text = birthday_text(child); !text.empty()) out += "\n" + text;
        if (status.value("open_requests", 0) > 0)
            out += "\n" + std::to_string(status.at("open_requests").get<int>()) +
                   (status.at("open_requests") == 1 ? " request waits" : " requests wait") + ": 'hortctl requests'\n";
    }
    return out;
}

std::string render_lists(const Json& result) {
    std::vector<Row> rows = {{"CATEGORY", "LIST", "FORMAT", "NAMES", "SKIPPED", "REFUSED"}};
    for (const auto& list : result.at("lists"))
        rows.push_back({list.at("category"), list.at("list"), list.at("format"), number(list.at("accepted")),
                        number(list.at("skipped")), number(list.at("refused"))});
    std::string out = table(rows);
    for (const auto& list : result.at("lists"))
        for (const auto& problem : list.at("problems"))
            out += list.at("list").get<std::string>() + ":" + problem.get<std::string>() + "\n";
    if (!result.at("subscriptions").empty()) {
        out += "\nSubscriptions:\n";
        rows = {{"  NO", "CATEGORY", "ENTRIES", "CHECKED", "ADDRESS", "STATE"}};
        for (const auto& s : result.at("subscriptions"))
            rows.push_back({"  " + std::to_string(s.at("id").get<int>()), s.at("category"), number(s.at("entries")),
                            s.at("checked") == 0 ? "never" : local_time(s.at("checked")), s.at("url"),
                            s.at("problem").get<std::string>().empty() ? "good" : s.at("problem")});
        out += table(rows);
    }
    out += "\nCategories (and the age tiers that block them by default):\n";
    rows.clear();
    for (const auto& category : result.at("categories"))
        rows.push_back(
            {"  " + category.at("id").get<std::string>(), category.at("title"), joined(category.at("blocked_for"))});
    return out + table(rows);
}

std::string render_subscription(const Json& s) {
    const auto time = [](const Json& value) { return value == 0 ? std::string("never") : local_time(value); };
    std::string out = table({{"Title", s.at("title")},
                             {"Address", s.at("url")},
                             {"Kind", s.at("kind")},
                             {"Category", s.at("category")},
                             {"Entries", number(s.at("entries"))},
                             {"Checked", time(s.at("checked"))},
                             {"Changed", time(s.at("changed"))},
                             {"Next check", time(s.at("next_check"))},
                             {"State", s.at("problem").get<std::string>().empty() ? "good" : s.at("problem")}});
    if (s.contains("list")) {
        const auto& list = s.at("list");
        out += list.at("format").get<std::string>() + ": " + number(list.at("accepted")) + " accepted, " +
               number(list.at("skipped")) + " skipped, " + number(list.at("refused")) + " refused\n";
        for (const auto& problem : list.at("problems")) out += "  " + problem.get<std::string>() + "\n";
    }
    for (const auto& line : s.value("narrowed", Json::array())) out += "  " + line.get<std::string>() + "\n";
    return out;
}

std::string render_rules_status(const Json& result) {
    std::string out;
    if (result.at("rule_files").empty()) out += "No rule file is installed.\n";
    for (const auto& file : result.at("rule_files")) {
        out += file.at("name").get<std::string>() + " serial " + std::to_string(file.at("serial").get<std::int64_t>()) +
               (file.at("title").get<std::string>().empty() ? "" : " (" + file.at("title").get<std::string>() + ")") +
               ", groups " + joined(file.at("groups")) + "\n";
    }
    out += result.at("trusted_keys").empty() ? "\nNo key is trusted.\n" : "\nTrusted keys:\n";
    for (const auto& key : result.at("trusted_keys"))
        out += "  " + key.at("key").get<std::string>() + "  " + key.at("title").get<std::string>() + "\n";
    return out;
}

std::string render_install(const Json& result) {
    std::string out = result.at("message").get<std::string>() + "\n";
    for (const auto& line : result.at("profiles")) out += "  " + line.get<std::string>() + "\n";
    for (const auto& line : result.at("names")) out += "  " + line.get<std::string>() + "\n";
    const auto all = result.at("added_names").get<std::size_t>() + result.at("removed_names").get<std::size_t>();
    if (all > result.at("names").size())
        out += "  and " + std::to_string(all - result.at("names").size()) + " more names\n";
    return out;
}

std::string render_progress(const Json& result) {
    std::string out;
    for (const auto& line : result.at("results")) out += line.at("text").get<std::string>() + "\n";
    if (!result.at("is_running").get<bool>()) return out + "No update runs.\n";
    return out + "Updating: " + std::to_string(result.at("done").get<int>()) + " of " +
           std::to_string(result.at("total").get<int>()) + ", now " + result.at("current").get<std::string>() + "\n";
}

std::string render_log(const Json& result) {
    std::string out;
    std::vector<Row> rows;
    for (const auto& entry : result.at("entries"))
        rows.push_back({local_time(entry.at("time")), entry.at("child"), entry.at("channel"),
                        entry.at("verdict") == "block"   ? "blocked"
                        : entry.at("verdict") == "watch" ? "watched"
                                                         : "allowed",
                        entry.at("reason"), entry.value("category", ""), entry.value("host", ""),
                        entry.at("count") > 1 ? std::to_string(entry.at("count").get<std::int64_t>()) + " times" : ""});
    const auto level = result.at("level").get<std::string>();
    out += level == "none"     ? "Nothing is kept of what is blocked and allowed (settings log-level).\n"
           : rows.empty()      ? "Nothing was blocked of late.\n"
           : level == "counts" ? "Since these hours:\n" + table(rows)
                               : "Of late:\n" + table(rows);
    rows.clear();
    for (const auto& change : result.at("changes"))
        rows.push_back({local_time(change.at("time")), change.at("actor"), change.at("action"), change.at("detail")});
    return out + (rows.empty() ? "No setting was changed yet.\n" : "\nChanges:\n" + table(rows));
}

std::string host_of(const std::string& url) { return url.substr(0, url.find('/')); }

std::string render_interception(const Json& result) {
    std::vector<Row> rows = {{"Interception", result.at("on").get<bool>() ? "on, of the supervised" : "off"}};
    if (!result.at("certificate").is_null()) {
        rows.push_back({"Certificate", result.at("certificate")});
        rows.push_back({"Fingerprint (SHA-256)", result.at("fingerprint")});
    }
    rows.push_back({"Always left alone", "help, health, learning, updates, and " +
                                             std::to_string(result.at("shipped_exceptions").get<int>()) +
                                             " sites of banks, authorities and programs"});
    if (!result.at("left_alone").empty()) rows.push_back({"Left alone by the owner", joined(result.at("left_alone"))});
    if (!result.at("left_alone_for_a_day").empty())
        rows.push_back({"Left alone for a day",
                        joined(result.at("left_alone_for_a_day")) + " (a program did not take the certificate)"});
    return table(rows);
}

}  // namespace

std::string render(std::string_view command, const Json& result, bool has_colour) {
    const Style style{has_colour};
    if (command == "budget") return render_budgets(result);
    if (command == "report") return render_report(result, style);
    if (command == "apps") return render_apps(result);
    if (command == "simulate") return render_simulate(result);
    if (command == "doctor") return render_doctor(result, style);
    if (command == "audit") return render_audit(result);
    if (command == "settings") return render_settings(result);
    if (command == "intercept status") return render_interception(result);
    if (command == "profile list") return render_profiles(result);
    if (command == "profile show") return render_child(result);
    if (command == "status") return render_status(result);
    if (command == "child show") return render_child(result);
    if (command == "child list") {
        if (result.at("children").empty())
            return "Nobody is set up yet. 'hortctl setup' asks a few questions and puts the filter in force.\n";
        std::vector<Row> rows = {{"NAME", "TIER", "ACCOUNTS", "DEVICES"}};
        for (const auto& child : result.at("children"))
            rows.push_back(
                {child.at("name"), child.at("tier"), joined(child.at("accounts")), joined(child.at("devices"))});
        return table(rows);
    }
    if (command == "name list") {
        if (result.at("names").empty())
            return "No name of the house is set.\nSet one:  hortctl name add nas.home A 192.168.1.5\n";
        std::vector<Row> rows = {{"NAME", "TYPE", "VALUE"}};
        for (const auto& record : result.at("names"))
            rows.push_back({record.at("name"), record.at("type"), record.at("value")});
        return table(rows);
    }
    if (command == "lists") return render_lists(result);
    if (command == "lists show") return render_subscription(result);
    if (command == "lists progress") return render_progress(result);
    if (command == "rules status") return render_rules_status(result);
    if (command == "rules install") return render_install(result);
    if (command == "log") return render_log(result);
    if (command == "explain") {
        auto out = sentence_until(result) + "\n";
        const auto reason = result.value("reason", "");
        if (result.value("verdict", "") == "block")
            out += reason == "schedule" || reason == "budget" || reason == "break"
                       ? "  More time is asked for with:  hortctl ask time 30m \"what for\"\n"
                   : result.contains("site") && reason != "bypass"
                       ? "  It is asked for with:  hortctl ask site " + host_of(result.at("site").get<std::string>()) +
                             " \"what for\"\n"
                       : "";
        for (const auto& source : result.at("sources"))
            out += "  " + source.at("list").get<std::string>() +
                   (source.at("line").is_null() ? "" : ":" + std::to_string(source.at("line").get<int>())) + "  " +
                   source.at("entry").get<std::string>() + "\n";
        return out;
    }
    if (command == "hours") return render_hours(result);
    if (command == "week") return render_week(result);
    if (command == "requests") return render_requests(result);
    if (command == "login") return result.at("text").get<std::string>() + "\n";
    if (command == "version") return "hortd " + result.at("version").get<std::string>() + "\n";
    return result.at("message").get<std::string>() + "\n";
}

}  // namespace hort::ctl
