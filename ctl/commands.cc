#include "ctl/commands.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "rules/category.h"
#include "rules/hostname.h"
#include "rules/nearest.h"
#include "rules/service.h"
#include "rules/time_text.h"

namespace hort::ctl {
namespace {

using T = ParameterType;
constexpr Parameter child_parameter{"child", T::person, false, false, "the child's name"};

constexpr Parameter child_add[] = {
    {"name", T::new_name, false, false, "how the child is called in commands"},
    {"age", T::age, true, false,
     "years; chooses what is blocked to begin with (18 and over: not supervised); default 10"},
    {"born", T::date, true, false, "the day of birth instead: birthdays propose the next age tier by themselves"},
    {"profile", T::text, true, false, "a profile whose rules, hours and budgets hold, too"},
    {"account", T::account, true, true, "an account of this machine that the child uses"},
    {"device", T::address, true, true, "the address of a device that only the child uses"},
};
constexpr Parameter child_set[] = {
    child_parameter,
    {"age", T::age, true, false, "years; chooses the age tier anew, own rules stay"},
    {"born", T::date, true, false, "the day of birth instead: birthdays propose the next age tier by themselves"},
    {"profile", T::text, true, false, "a profile whose rules, hours and budgets hold, too; none ends it"},
    {"at-end", T::choice, true, false, "what happens to the session when the time is up; lock at first", false,
     "lock|freeze|log-out|nothing"},
    {"detail", T::choice, true, false,
     "what is kept of the use: full (time by category, and when), or counts (the time of budgets); by age at first",
     false, "full|counts"},
    {"account", T::account, true, true, "an account of this machine that the child uses, too"},
    {"device", T::address, true, true, "the address of a device that only the child uses"},
    {"unbind", T::text, true, true, "an account or device that is the child's no more"},
};
constexpr Parameter child_only[] = {child_parameter};
constexpr Parameter child_and_subject[] = {
    child_parameter,
    {"subject", T::subject, false, false,
     "a site (and all below it), a service such as roblox, a category, or program:NAME"},
};
constexpr Parameter allow_parameters[] = {
    child_parameter,
    {"subject", T::subject, false, false,
     "a site (and all below it), a service such as roblox, a category, or program:NAME"},
    {"for", T::duration, true, false, "only for this long, whatever the hours say; 1h, 30m"},
    {"always", T::flag, true, false, "outside the hours, too: the school's learning platform"},
};
constexpr Parameter explain_parameters[] = {
    child_parameter,
    {"site", T::target, false, false, "a site, a service or a program; without one: may the child use the computer",
     true},
    {"at", T::when, true, false, "at another time: \"sat 20:15\", \"2026-03-29 02:30\""},
};
constexpr Parameter hours_set[] = {
    child_parameter,
    {"days", T::days, false, false,
     "mon-fri, weekends, daily, mon,wed; or a day or range with its own hours: 2026-12-24, 2026-12-23..2027-01-06"},
    {"windows", T::windows, false, false, "15:00-19:30, several with commas, none, or all"},
    {"only", T::subject, true, false, "the hours of a category, a service or a site, instead of being online at all"},
};
constexpr Parameter hours_clear[] = {
    child_parameter,
    {"only", T::subject, true, false, "the hours of a category, a service or a site"},
};
constexpr Parameter bonus_parameters[] = {
    child_parameter,
    {"time", T::duration, false, false, "how much: 30m, 1h"},
    {"of", T::subject, true, true, "of this budget; without it at the computer"},
};
constexpr Parameter budget_set[] = {
    child_parameter,
    {"amount", T::amount, false, false, "how much: 1h30, none, or all"},
    {"of", T::subject, true, true,
     "a category, a service, a site or program:NAME; given several times they share one budget; without it: at the "
     "computer"},
    {"per", T::choice, true, false, "day, week or month; default day", false, "day|week|month"},
    {"days", T::weekdays, true, false, "only on these weekdays; the others stay as they are"},
    {"carry-over", T::flag, true, false, "what is left is added to the next day (week, month), once"},
};
constexpr Parameter budget_clear[] = {
    child_parameter,
    {"of", T::subject, true, true, "what the budget is of; without it: of the computer"},
};
constexpr Parameter budget_subjects[] = {
    child_parameter,
    {"subject", T::subject, false, true, "categories, services, sites or program:NAME"},
};
constexpr Parameter breaks_set[] = {
    child_parameter,
    {"after", T::duration, false, false, "after how much time at the computer: 45m"},
    {"length", T::duration, false, false, "how long the break is: 15m"},
};
constexpr Parameter report_parameters[] = {
    child_parameter,
    {"week", T::flag, true, false, "of the last seven days"},
    {"month", T::flag, true, false, "of the last 30 days"},
};
constexpr Parameter simulate_parameters[] = {
    child_parameter,
    {"hours", T::windows, true, false, "hours to try: 15:00-19:00"},
    {"budget", T::amount, true, false, "an amount per day to try: 1h30"},
    {"days", T::weekdays, true, false, "only on these weekdays"},
    {"of", T::subject, true, true, "what the budget would be of; without it: of the computer"},
};
constexpr Parameter profile_name[] = {
    {"name", T::new_name, false, false, "how the profile is called; it stands where a child's name does"},
};
constexpr Parameter profile_of[] = {
    {"child", T::person, false, false, "the name of a profile"},
};
constexpr Parameter settings_set[] = {
    {"name", T::text, false, false, "day-start, idle-after, detail-days or kept-days"},
    {"value", T::text, false, false, "what it shall be"},
};
constexpr Parameter export_parameters[] = {
    {"child", T::person, false, false, "only what is kept about this child", true},
    {"output", T::text, true, false, "the file to write (also -o); default: standard output"},
};
constexpr Parameter import_parameters[] = {
    {"file", T::text, false, false, "what 'hortctl export' wrote"},
    {"replace", T::flag, true, false, "instead of the people who are here"},
};
constexpr Parameter pin_parameters[] = {
    {"pin", T::text, false, false, "the PIN; asked for when it is left out", true},
};
constexpr Parameter pause_parameters[] = {
    {"child", T::person, false, false, "the name of a child", true},
    {"all", T::flag, true, false, "all children"},
    {"for", T::duration, true, false, "for this long; without it until 'hortctl resume'"},
};
constexpr Parameter resume_parameters[] = {
    {"child", T::person, false, false, "the name of a child", true},
    {"all", T::flag, true, false, "all children"},
};
constexpr Parameter ask_parameters[] = {
    {"kind", T::choice, false, false, "time or site", false, "time|site"},
    {"what", T::text, false, false, "how much time (30m), or which site"},
    {"why", T::text, false, false, "what it is for", true},
    {"child", T::person, true, false, "for whom, where the account at the keyboard does not say it"},
};
constexpr Parameter completion_parameters[] = {
    {"shell", T::text, false, false, "bash, zsh or fish"},
};
constexpr Parameter requests_parameters[] = {
    {"all", T::flag, true, false, "answered ones, too"},
};
constexpr Parameter approve_parameters[] = {
    {"id", T::number, false, false, "the number of the request, as 'hortctl requests' shows it"},
    {"for", T::duration, true, false, "for how long; without it what was asked for, and a site for 1h"},
};
constexpr Parameter deny_parameters[] = {
    {"id", T::number, false, false, "the number of the request, as 'hortctl requests' shows it"},
    {"answer", T::text, false, false, "a word for the child", true},
};
constexpr Parameter log_parameters[] = {
    {"limit", T::count, true, false, "how many entries at most; default 20"},
};

constexpr Parameter rules_match_parameters[] = {
    {"host", T::text, false, true, "host names; - reads them from standard input, one a line"},
    {"list", T::list, true, true,
     "a list, as [CATEGORY=]PATH[:FORMAT][:exact|:subtree]; a folder is a squidGuard category. FORMAT is one of hosts, "
     "domains, dstdomain, dnsmasq, unbound, rpz, adblock, v2fly, urls, expressions, csv, networks; without it the "
     "content "
     "decides"},
    {"type", T::text, true, false, "the record type that is asked for; default A"},
    {"client", T::text, true, false, "the person or group that asks, for rules with $client and $ctag"},
};

constexpr Parameter lists_add[] = {
    {"url", T::text, false, false,
     "where the list is published: https:, http: or file:; the word defaults stands for all that Hort recommends"},
    {"category", T::category, true, false, "the category of its entries"},
    {"allow", T::flag, true, false, "it is an allow-list: its entries are exceptions for every category"},
    {"bundle", T::flag, true, false, "it is a school's signed bundle of rules, which is followed from now on"},
    {"format", T::text, true, false, "its format, where the content should not decide: hosts, domains, adblock, ..."},
    {"scope", T::text, true, false, "exact or subtree: how far plain names reach, instead of what the format says"},
    {"title", T::text, true, false, "how it is called in tables"},
};
constexpr Parameter lists_id[] = {
    {"id", T::number, false, false, "the number of the subscription, as 'hortctl lists' shows it"},
};
constexpr Parameter lists_ids[] = {
    {"id", T::number, true, true, "only this subscription; without it all of them"},
};
constexpr Parameter rule_file[] = {
    {"file", T::text, false, false, "a rule file (*.hort.json)"},
};
constexpr Parameter rules_compile[] = {
    {"file", T::text, false, false, "a rule file (*.hort.json)"},
    {"output", T::text, true, false, "the bundle to write (also -o); default: the rule file's name and serial"},
};
constexpr Parameter rules_keygen[] = {
    {"output", T::text, true, false, "NAME: writes NAME.key (keep it secret) and NAME.pub (also -o); default: hort"},
};
constexpr Parameter rules_sign[] = {
    {"bundle", T::text, false, false, "a bundle, as 'hortctl rules compile' wrote it"},
    {"key", T::text, true, false, "the private key; default: hort.key"},
    {"output", T::text, true, false, "where to write it (also -o); default: in its place"},
};
constexpr Parameter rules_verify[] = {
    {"bundle", T::text, false, false, "a bundle"},
    {"key", T::text, true, false,
     "a public key: a .pub file or 64 hexadecimal digits; without it any signature counts"},
};
constexpr Parameter rules_install[] = {
    {"bundle", T::text, false, false, "a signed bundle"},
    {"dry-run", T::flag, true, false, "only say what would change"},
};
constexpr Parameter rules_uninstall[] = {
    {"name", T::text, false, false, "the name of an installed rule file"},
};
constexpr Parameter rules_trust[] = {
    {"key", T::text, false, false, "a public key: a .pub file or 64 hexadecimal digits"},
    {"title", T::text, true, false, "whose it is"},
};
constexpr Parameter rules_distrust[] = {
    {"key", T::text, false, false, "a public key: a .pub file or 64 hexadecimal digits"},
};

constexpr Command commands[] = {
    {"status", Role::child, {}, "Show what is in force: listeners, lists, children, counters.", "hortctl status"},
    {"setup", Role::anyone, {}, "Ask a few questions, and put the filter in force for a child.", "hortctl setup", true},
    {"child add", Role::guardian, child_add, "Add a child, or any person of the household.",
     "hortctl child add mia --age 9 --account mia"},
    {"child set", Role::guardian, child_set, "Change a child: its age, its accounts and devices.",
     "hortctl child set mia --age 12"},
    {"child list", Role::guardian, {}, "List the children.", "hortctl child list"},
    {"child show", Role::child, child_only, "Show the rules of a child.", "hortctl child show mia"},
    {"child remove", Role::guardian, child_only, "Remove a child with its rules.", "hortctl child remove mia"},
    {"child promote", Role::guardian, child_only, "Give a child the age tier that its birthday proposes.",
     "hortctl child promote mia"},
    {"profile add", Role::guardian, profile_name,
     "Add a profile: rules, hours and budgets that several children share.", "hortctl profile add schooldays"},
    {"profile list", Role::guardian, {}, "List the profiles and who follows them.", "hortctl profile list"},
    {"profile show", Role::guardian, profile_of, "Show the rules of a profile.", "hortctl profile show household"},
    {"profile remove", Role::guardian, profile_of, "Remove a profile.", "hortctl profile remove schooldays"},
    {"allow", Role::guardian, allow_parameters, "Allow a site or a category for a child.",
     "hortctl allow mia wikipedia.org"},
    {"block", Role::guardian, child_and_subject, "Block a site or a category for a child.",
     "hortctl block mia tiktok.com"},
    {"unset", Role::guardian, child_and_subject, "Take back an own rule: the age tier decides again.",
     "hortctl unset mia tiktok.com"},
    {"explain", Role::child, explain_parameters, "Say whether a child may visit a site, or use the computer, and why.",
     "hortctl explain mia www.tiktok.com"},
    {"hours", Role::child, child_only, "Show when a child may be online.", "hortctl hours mia"},
    {"hours set", Role::guardian, hours_set, "Set the hours of days; days without any have no limit.",
     "hortctl hours set mia mon-fri 15:00-19:30"},
    {"hours clear", Role::guardian, hours_clear, "Take the hours of a child away.", "hortctl hours clear mia"},
    {"budget", Role::child, child_only, "Show how much time there is, and what is left.", "hortctl budget mia"},
    {"budget set", Role::guardian, budget_set, "Give an amount of time per day, week or month.",
     "hortctl budget set mia 1h30 --of youtube --of twitch"},
    {"budget clear", Role::guardian, budget_clear, "Take a budget away.", "hortctl budget clear mia --of youtube"},
    {"budget exempt", Role::guardian, budget_subjects, "Let something use up no time while nothing else is in front.",
     "hortctl budget exempt mia wikipedia.org"},
    {"budget count", Role::guardian, budget_subjects, "Let it count again.", "hortctl budget count mia wikipedia.org"},
    {"breaks set", Role::guardian, breaks_set, "Ask for breaks from the screen.", "hortctl breaks set mia 45m 15m"},
    {"breaks clear", Role::guardian, child_only, "Ask for no breaks any more.", "hortctl breaks clear mia"},
    {"report", Role::child, report_parameters, "Show what time was used for.", "hortctl report mia --week"},
    {"simulate", Role::guardian, simulate_parameters, "Say what other hours or a budget would have changed of late.",
     "hortctl simulate mia --budget 1h30 --days mon-fri"},
    {"week", Role::child, child_only, "Show a child's week: when it may be online, and what is different now.",
     "hortctl week mia"},
    {"bonus", Role::guardian, bonus_parameters, "Give a child more time today.", "hortctl bonus mia 30m"},
    {"pause", Role::guardian, pause_parameters, "Stop everything but help, for a child or for all.",
     "hortctl pause --all --for 45m"},
    {"resume", Role::guardian, resume_parameters, "End a pause.", "hortctl resume mia"},
    {"ask", Role::child, ask_parameters, "Ask a guardian for more time or for a site.",
     "hortctl ask time 30m homework"},
    {"requests", Role::child, requests_parameters, "Show what children asked for, and the answers.",
     "hortctl requests"},
    {"approve", Role::guardian, approve_parameters, "Say yes to a request.", "hortctl approve 3 --for 30m"},
    {"deny", Role::guardian, deny_parameters, "Say no to a request.", "hortctl deny 3 tomorrow"},
    {"lists",
     Role::guardian,
     {},
     "Show the block lists with their sizes and faults, and the categories.",
     "hortctl lists"},
    {"lists show", Role::guardian, lists_id,
     "Show a subscription: its address, its state, what was wrong with its lines.", "hortctl lists show 3"},
    {"lists add", Role::guardian, lists_add,
     "Subscribe to a published list, or to a school's bundle; it is fetched at once.",
     "hortctl lists add https://lists.example.org/games.txt --category games"},
    {"lists remove", Role::guardian, lists_id, "End a subscription; its entries are out of force at once.",
     "hortctl lists remove 3"},
    {"lists update", Role::guardian, lists_ids, "Look for new versions now.", "hortctl lists update"},
    {"lists progress", Role::guardian, {}, "Show how far a running update is.", "hortctl lists progress"},
    {"log", Role::guardian, log_parameters, "Show the last blocked attempts and the last changes.",
     "hortctl log --limit 50"},
    {"audit", Role::guardian, log_parameters, "Show who changed what, and how it was before.",
     "hortctl audit --limit 5"},
    {"settings", Role::guardian, {}, "Show the settings of the household.", "hortctl settings"},
    {"settings set", Role::guardian, settings_set, "Change a setting of the household.",
     "hortctl settings set day-start 05:00"},
    {"pin set", Role::guardian, pin_parameters, "Set the PIN that a guardian types in a child's session.",
     "hortctl pin set"},
    {"pin clear", Role::guardian, {}, "Take the PIN away.", "hortctl pin clear"},
    {"export", Role::guardian, export_parameters, "Write all settings and times as one JSON file.",
     "hortctl export -o hort-backup.json"},
    {"import", Role::guardian, import_parameters, "Take over what 'hortctl export' wrote.",
     "hortctl import hort-backup.json"},
    {"erase", Role::guardian, child_only, "Forget what a child used, asked for and was refused; the rules stay.",
     "hortctl erase mia"},
    {"doctor", Role::guardian, {}, "Check everything that can be wrong, and say the fix.", "hortctl doctor"},
    {"rules match", Role::anyone, rules_match_parameters,
     "Say what lists hold of hosts: host, block|allow|none, the rule as written, file:line, with tabs between.",
     "hortctl rules match --list adult=adult.txt --list ads.txt:adblock www.example.org", true},
    {"rules check", Role::anyone, rule_file, "Check a rule file: every problem with file:line:column.",
     "hortctl rules check school.hort.json", true},
    {"rules test", Role::anyone, rule_file, "Run the tests of a rule file.", "hortctl rules test school.hort.json",
     true},
    {"rules compile", Role::anyone, rules_compile, "Test a rule file, and pack it with its lists into a bundle.",
     "hortctl rules compile school.hort.json -o school.hortbundle", true},
    {"rules keygen", Role::anyone, rules_keygen, "Make a pair of keys for signing bundles.",
     "hortctl rules keygen -o school", true},
    {"rules sign", Role::anyone, rules_sign, "Sign a bundle.", "hortctl rules sign school.hortbundle --key school.key",
     true},
    {"rules verify", Role::anyone, rules_verify, "Say what a bundle is and whether its signature is right.",
     "hortctl rules verify school.hortbundle --key school.pub", true},
    {"rules schema",
     Role::anyone,
     {},
     "Print the JSON Schema of rule files, for editors.",
     "hortctl rules schema",
     true},
    {"rules install", Role::guardian, rules_install, "Install a signed bundle, or say what it would change.",
     "hortctl rules install school.hortbundle --dry-run"},
    {"rules uninstall", Role::guardian, rules_uninstall, "Take an installed rule file out of force.",
     "hortctl rules uninstall example-school"},
    {"rules status", Role::guardian, {}, "Show the installed rule files and the trusted keys.", "hortctl rules status"},
    {"rules trust", Role::guardian, rules_trust, "Trust a key: bundles that it signed may be installed.",
     "hortctl rules trust school.pub --title Example"},
    {"rules distrust", Role::guardian, rules_distrust, "Trust a key no longer; what is installed stays.",
     "hortctl rules distrust school.pub"},
    {"completion", Role::anyone, completion_parameters, "Print the completion script for a shell.",
     "hortctl completion bash", true},
    {"manual", Role::anyone, {}, "Print the manual page, for man -l -.", "hortctl manual", true},
    {"version", Role::anyone, {}, "Show the version of the daemon.", "hortctl version"},
};

Error fault(const Parameter& parameter, std::string what, std::string expected) {
    return Error{std::move(what), "parameter " + std::string(parameter.name), std::move(expected)};
}

std::string shown(const nlohmann::json& value) {
    auto text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    return text.size() > 80 ? text.substr(0, 80) + "..." : text;
}

bool is_plain_name(std::string_view text) {
    return !text.empty() && text.size() <= 32 && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                      c == '_';
           });
}

// "https://www.example.org/path" means "www.example.org".
std::string_view host_part(std::string_view text) {
    if (const auto scheme = text.find("://"); scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
    return text.substr(0, text.find_first_of("/:?#"));
}

Result<nlohmann::json> check_value(const Parameter& parameter, const nlohmann::json& value) {
    if (parameter.type == T::age || parameter.type == T::count) {
        const int low = parameter.type == T::age ? 0 : 1, high = parameter.type == T::age ? 120 : 1000;
        const std::string expected =
            "expected a whole number from " + std::to_string(low) + " to " + std::to_string(high);
        if (!value.is_number_integer() || value < low || value > high)
            return fault(parameter, shown(value) + " is not one", expected);
        return value;
    }
    if (parameter.type == T::number) {
        if (!value.is_number_integer() || value < 1)
            return fault(parameter, shown(value) + " is not one", "expected a whole number of at least 1");
        return value;
    }
    if (parameter.type == T::flag) {
        if (!value.is_boolean())
            return fault(parameter, shown(value) + " is not true or false", "expected true or false");
        return value;
    }
    if (parameter.type == T::amount && value.is_number_integer()) {
        if (value < 0 || value > Budget::unlimited)
            return fault(parameter, shown(value) + " is no amount", "expected seconds, 0 or more");
        return value;
    }
    if (parameter.type == T::duration && value.is_number_integer()) {
        constexpr std::int64_t most = 366 * 86400;
        if (value < 1 || value > most)
            return fault(parameter, shown(value) + " is no duration", "expected seconds, from 1 to a year");
        return value;
    }
    if (!value.is_string()) return fault(parameter, shown(value) + " is not text", "expected a string");
    const auto text = value.get<std::string>();
    switch (parameter.type) {
        case T::person:
        case T::new_name:
        case T::account:
            if (!is_plain_name(text))
                return fault(parameter, shown(value) + " is no name",
                             "expected up to 32 letters, digits, '-' and '_', for example mia");
            return value;
        case T::address:
            if (text.empty() || text.size() > 45)
                return fault(parameter, shown(value) + " is no address", "for example 192.168.1.20 or fd00::20");
            return value;
        case T::duration: {
            const auto seconds = parse_duration(text);
            if (!seconds) return fault(parameter, seconds.error().what + ": " + shown(value), seconds.error().hint);
            return nlohmann::json(*seconds);
        }
        case T::days: {
            if (const auto days = parse_days(text)) return value;
            const auto weekdays = parse_weekdays(text);
            if (!weekdays && text.size() >= 8 && text[0] >= '0' && text[0] <= '9')
                return fault(parameter, shown(value) + " is no day",
                             "for example 2026-12-24 or 2026-12-23..2027-01-06");
            if (!weekdays) return fault(parameter, weekdays.error().what, weekdays.error().hint);
            return value;
        }
        case T::windows: {
            const auto windows = parse_windows(text);
            if (!windows)
                return fault(parameter, windows.error().what + ": " + shown(value),
                             windows.error().hint + "; several with commas, none or all");
            return nlohmann::json(text_of_windows(*windows));
        }
        case T::amount: {
            const auto seconds = parse_amount(text);
            if (!seconds) return fault(parameter, seconds.error().what + ": " + shown(value), seconds.error().hint);
            return nlohmann::json(*seconds);
        }
        case T::weekdays: {
            const auto weekdays = parse_weekdays(text);
            if (!weekdays) return fault(parameter, weekdays.error().what, weekdays.error().hint);
            return value;
        }
        case T::date:
            if (const auto day = parse_day(text); !day)
                return fault(parameter, shown(value) + " is no day", "for example 2015-06-12");
            return value;
        case T::choice: {
            auto expected = std::string(parameter.choices);
            for (std::size_t at = 0; at <= expected.size();) {
                const auto end = std::min(expected.find('|', at), expected.size());
                if (text == expected.substr(at, end - at)) return value;
                at = end + 1;
            }
            for (std::size_t at; (at = expected.find('|')) != std::string::npos;)
                expected.replace(at, 1, expected.find('|', at + 1) == std::string::npos ? " or " : ", ");
            return fault(parameter, shown(value) + " is none of them", "expected " + expected);
        }
        case T::target: {
            if (Services::shipped().find(text) != nullptr) return value;
            const auto host = Hostname::parse(host_part(text));
            if (host && host->label_count() >= 2 && text.find(".exe") == std::string::npos)
                return nlohmann::json(std::string(host->text()));
            if (text.empty() || text.size() > 255 || text.find('.') == 0)
                return fault(parameter, shown(value) + " is neither", "for example tiktok.com, roblox or minetest");
            return value;
        }
        case T::when: {
            const auto blank = text.rfind(' ');
            const auto day = blank == std::string::npos ? std::string() : text.substr(0, blank);
            if (!parse_time_of_day(std::string_view(text).substr(blank == std::string::npos ? 0 : blank + 1)) ||
                (!day.empty() && !parse_day(day) && !parse_weekday(day)))
                return fault(parameter, shown(value) + " is no time",
                             "for example \"sat 20:15\", \"2026-03-29 02:30\" or 20:15");
            return value;
        }
        case T::category:
            if (const auto category = Taxonomy::shipped().find(text))
                return nlohmann::json(std::string(Taxonomy::shipped().id_of(*category)));
            else
                return fault(parameter, text.substr(0, 60) + " is no category", category.error().hint);
        case T::subject:
        case T::site: {
            if (parameter.type == T::subject && text.starts_with("program:")) {
                if (text.size() > 8 && text.size() <= 108 && text.find_first_of(",/\\") == std::string::npos)
                    return value;
                return fault(parameter, shown(value) + " is no program", "its file name, for example program:minetest");
            }
            if (parameter.type == T::subject) {
                if (const auto category = Taxonomy::shipped().find(text))
                    return nlohmann::json(std::string(Taxonomy::shipped().id_of(*category)));
                if (Services::shipped().find(text) != nullptr) return value;
            }
            const auto host = Hostname::parse(host_part(text));
            if (host && host->label_count() >= 2) return nlohmann::json(std::string(host->text()));
            std::string hint = "expected a site, for example tiktok.com";
            if (parameter.type == T::subject) {
                const auto service = Services::shipped().nearest_id(text);
                const auto category = Taxonomy::shipped().find(text);
                hint += service.empty() ? ", a service or a category: " + category.error().hint
                                        : ", or a service: did you mean '" + std::string(service) + "'?";
            }
            return fault(parameter, host ? text + " is a single label, no site" : host.error().text(), hint);
        }
        default:
            return value;
    }
}

}  // namespace

std::string Command::method() const {
    std::string out(name);
    std::replace(out.begin(), out.end(), ' ', '.');
    return out;
}

std::string Command::usage() const {
    std::string out = "hortctl " + std::string(name);
    for (const auto& parameter : parameters) {
        std::string upper(parameter.name);
        std::transform(upper.begin(), upper.end(), upper.begin(),
                       [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c); });
        if (parameter.type == T::subject) upper = "SITE|SERVICE|CATEGORY";
        if (parameter.type == T::duration) upper = "TIME";
        if (parameter.type == T::amount) upper = "TIME";
        if (parameter.type == T::choice) upper = parameter.choices;
        if (parameter.type == T::target) upper = "SITE|SERVICE|PROGRAM";
        if (parameter.type == T::when) upper = "\"DAY HH:MM\"";
        if (parameter.type == T::flag) {
            out += " [--" + std::string(parameter.name) + "]";
            continue;
        }
        out += parameter.is_option
                   ? " [--" + std::string(parameter.name) + " " + upper + "]" + (parameter.is_repeated ? "..." : "")
                   : " " + (parameter.is_optional ? "[" + upper + "]" : upper) + (parameter.is_repeated ? "..." : "");
    }
    return out;
}

std::span<const Command> all_commands() { return commands; }

const Command* find_method(std::string_view method) {
    const auto it = std::find_if(std::begin(commands), std::end(commands),
                                 [&](const Command& c) { return !c.is_local && c.method() == method; });
    return it == std::end(commands) ? nullptr : it;
}

Result<nlohmann::json> check_parameters(const Command& command, const nlohmann::json& params) {
    if (!params.is_object() && !params.is_null())
        return Error{"params is not an object", {}, "parameters are given by name"};
    nlohmann::json out = nlohmann::json::object();
    std::vector<std::string_view> names;
    for (const auto& parameter : command.parameters) {
        names.push_back(parameter.name);
        const auto it = params.is_object() ? params.find(std::string(parameter.name)) : params.end();
        if (it == params.end()) {
            if (!parameter.is_option && !parameter.is_optional)
                return fault(parameter, "is missing",
                             "usage: " + command.usage() + "; for example: " + std::string(command.example));
            continue;
        }
        auto values = parameter.is_repeated && it->is_array() ? *it : nlohmann::json::array({*it});
        if (values.size() > 64 && !command.is_local) return fault(parameter, "more than 64 values", {});
        for (auto& value : values) {
            auto checked = check_value(parameter, value);
            if (!checked) return checked.error();
            value = *std::move(checked);
        }
        out[std::string(parameter.name)] = parameter.is_repeated ? values : values[0];
    }
    if (params.is_object())
        for (const auto& [key, value] : params.items())
            if (std::find(names.begin(), names.end(), key) == names.end()) {
                const auto near = nearest(key, names);
                return Error{"no such parameter", key.substr(0, 40),
                             near.empty() ? "usage: " + command.usage() : "did you mean " + std::string(near) + "?"};
            }
    return out;
}

}  // namespace hort::ctl
