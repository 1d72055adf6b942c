#include "ctl/commands.h"

#include <algorithm>

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
    {"device", T::device, true, true,
     "a device that only the child uses: its address, network, hardware address, or the id that its encrypted DNS "
     "names"},
};
constexpr Parameter blocked_answer{
    "blocked-answer",
    T::choice,
    true,
    false,
    "how DNS answers for what is blocked: the null address, that there is no such name, that it is refused, or the "
    "address of the block page",
    false,
    "null|nxdomain|refused|page|default"};
constexpr Parameter safe_search{"safe-search", T::choice,       true, false, "of search engines; by age at first",
                                false,         "on|off|default"};
constexpr Parameter restricted_mode{
    "restricted-mode", T::choice, true, false, "of video sites; by age at first", false, "off|moderate|strict|default"};
constexpr Parameter quic{"quic",
                         T::choice,
                         true,
                         false,
                         "whether sites may offer HTTP/3, which passes by the proxy; allowed at first",
                         false,
                         "allowed|blocked|default"};
constexpr std::string_view device_help =
    "a device that only the child uses: its address, network (10.7.0.0/16), hardware address (02:00:5e:10:00:01), or "
    "the id that its encrypted DNS names (mia-phone)";
constexpr Parameter enforcement{"enforcement",
                                T::choice,
                                true,
                                false,
                                "watch-only: what would be blocked passes and is counted ('hortctl log'); on at first",
                                false,
                                "on|watch-only|default"};
constexpr Parameter content_scan{"content-scan",
                                 T::choice,
                                 true,
                                 false,
                                 "whether pages are judged by their words, where those are visible; on at first",
                                 false,
                                 "on|off|default"};
constexpr Parameter google_domains{
    "google-domains", T::text, true, false,
    "whose accounts may log in at Google, with commas: school.example; default for any. Where the request is visible"};
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
    {"device", T::device, true, true, device_help},
    {"unbind", T::text, true, true, "an account or device that is the child's no more"},
    safe_search,
    restricted_mode,
    blocked_answer,
    quic,
    content_scan,
    enforcement,
    google_domains,
};
constexpr Parameter profile_set[] = {
    {"child", T::person, false, false, "the name of a profile; household is that of unknown devices"},
    safe_search,
    restricted_mode,
    blocked_answer,
    quic,
    content_scan,
    enforcement,
    google_domains,
};
constexpr Parameter name_add[] = {
    {"name", T::text, false, false, "a host name; *.lab.home for all below lab.home; for PTR the address will do"},
    {"type", T::choice, false, false, "of the record", false, "A|AAAA|CNAME|PTR|TXT"},
    {"value", T::text, false, false, "an address, a name or a text"},
};
constexpr Parameter name_remove[] = {
    {"name", T::text, false, false, "as 'hortctl name list' shows it"},
    {"type", T::choice, false, false, "only its records of this type", true, "A|AAAA|CNAME|PTR|TXT"},
};
constexpr Parameter cache_flush[] = {
    {"name", T::site, false, false, "only for this name and all below it", true},
};
constexpr Parameter intercept_site[] = {
    {"site", T::site, false, false, "a site, for example bank.example"},
};
constexpr Parameter child_only[] = {child_parameter};
constexpr Parameter child_and_subject[] = {
    child_parameter,
    {"subject", T::rule, false, false,
     "a site (and all below it), a service such as roblox, a category, program:NAME, /PATH/OF/A/PROGRAM, "
     "page:SITE/PATH, "
     "search:WORDS, download:EXTENSION or type:MEDIA/TYPE"},
};
constexpr Parameter allow_parameters[] = {
    child_parameter,
    {"subject", T::rule, false, false,
     "a site (and all below it), a service such as roblox, a category, program:NAME, /PATH/OF/A/PROGRAM, "
     "page:SITE/PATH, "
     "search:WORDS, download:EXTENSION or type:MEDIA/TYPE"},
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
constexpr Parameter apps_parameters[] = {
    child_parameter,
    {"week", T::flag, true, false, "of the last seven days"},
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
    {"name", T::text, false, false, "country, day-start, idle-after, detail-days, log-level, log-days or kept-days"},
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
constexpr Parameter login_parameters[] = {
    {"account", T::account, false, false, "an account of this machine"},
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
    {"child", T::person, true, false, "only what concerns this child"},
};
constexpr Parameter audit_parameters[] = {
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
    {"profile set", Role::guardian, profile_set, "Change how what is blocked is answered, safe search and the like.",
     "hortctl profile set household --safe-search on"},
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
    {"apps", Role::child, apps_parameters, "Show which programs ran in a child's sessions, and what blocks them.",
     "hortctl apps mia --week"},
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
    {"name add", Role::guardian, name_add, "Answer a name of the house.", "hortctl name add nas.home A 192.168.1.5"},
    {"name list", Role::guardian, {}, "Show the names of the house.", "hortctl name list"},
    {"name remove", Role::guardian, name_remove, "Answer a name of the house no longer.",
     "hortctl name remove nas.home"},
    {"cache flush", Role::guardian, cache_flush, "Forget answers of upstream resolvers, all or those for a name.",
     "hortctl cache flush example.org"},
    {"log", Role::guardian, log_parameters,
     "Show what was blocked, as far as it is kept (settings log-level), and the last changes.",
     "hortctl log --limit 50"},
    {"audit", Role::guardian, audit_parameters, "Show who changed what, and how it was before.",
     "hortctl audit --limit 5"},
    {"intercept on",
     Role::guardian,
     {},
     "Look into what is encrypted of the supervised: says what that means, and how devices come to trust this machine.",
     "hortctl intercept on"},
    {"intercept off",
     Role::guardian,
     {},
     "Let what is encrypted pass unseen again; names are still filtered.",
     "hortctl intercept off"},
    {"intercept status",
     Role::guardian,
     {},
     "Show whether it is on, its certificate, and which sites are left alone.",
     "hortctl intercept status"},
    {"intercept certificate",
     Role::child,
     {},
     "Print the certificate that devices need to trust (PEM).",
     "hortctl intercept certificate"},
    {"intercept renew",
     Role::guardian,
     {},
     "Make a new key and a new certificate; the old one ends.",
     "hortctl intercept renew"},
    {"intercept leave", Role::guardian, intercept_site, "Never look into a site and all below it.",
     "hortctl intercept leave bank.example"},
    {"intercept unleave", Role::guardian, intercept_site, "Look into a site again.",
     "hortctl intercept unleave bank.example"},
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
    {"login", Role::anyone, login_parameters, "Say whether an account may log in now; the PAM module asks so.",
     "hortctl login mia"},
    {"version", Role::anyone, {}, "Show the version of the daemon.", "hortctl version"},
};

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
        if (parameter.type == T::subject || parameter.type == T::rule) upper = "SITE|SERVICE|CATEGORY";
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

}  // namespace hort::ctl
