#include "rules/rule_file.h"

#include <algorithm>

#include "rules/json_text.h"
#include "rules/nearest.h"
#include "rules/safe_name.h"
#include "rules/safe_request.h"
#include "rules/time_text.h"
#include "rules/url_path.h"

namespace hort {
namespace {

using Kind = JsonNode::Kind;
using Words = std::vector<std::string_view>;

constexpr int max_inheritance = 16;

class Reader {
  public:
    Reader(const std::string& name, RuleFile& out, std::vector<Error>& problems)
        : name_(name), out_(out), problems_(problems) {}

    void read(const JsonNode& root) {
        if (!expect(root, Kind::object, "a rule file")) return;
        check_keys(root, {"$schema", "name", "title", "serial", "lists", "services", "holidays", "schedules",
                          "profiles", "groups", "default_profile", "tests"});
        if (const auto* name = need(root, "name", Kind::string)) {
            out_.name = name->text;
            if (!is_safe_name(out_.name)) problem(*name, "\"" + shown(out_.name) + "\" is no name", id_hint);
        }
        if (const auto* serial = need(root, "serial", Kind::number)) {
            out_.serial = serial->integer;
            if (!serial->is_integer || serial->integer < 1)
                problem(*serial, "serial is not a whole number of at least 1",
                        "count it up with every release, for example 2026112401");
        }
        if (const auto* title = want(root, "title", Kind::string)) out_.title = title->text;
        each(root, "lists", [&](const JsonNode& node) { read_list_entry(node); });
        each(root, "services", [&](const JsonNode& node) { read_service(node); });
        members(root, "holidays", [&](const JsonNode::Member& m) { read_holiday(m); });
        members(root, "schedules", [&](const JsonNode::Member& m) { read_schedule(m); });
        read_profiles(root);
        members(root, "groups", [&](const JsonNode::Member& m) { read_group(m); });
        if (const auto* given = want(root, "default_profile", Kind::string))
            out_.default_profile = find_profile(given->text, *given);
        each(root, "tests", [&](const JsonNode& node) { read_case(node); });
    }

  private:
    static constexpr const char* id_hint = "expected lower-case letters, digits, '-', '_' and '.', for example year7";

    static std::string shown(std::string_view text) { return std::string(text.substr(0, 60)); }

    void problem_at(int line, int column, std::string what, std::string hint) {
        problems_.push_back(
            Error{std::move(what), name_ + ":" + std::to_string(line) + ":" + std::to_string(column), std::move(hint)});
    }
    void problem(const JsonNode& node, std::string what, std::string hint = {}) {
        problem_at(node.line, node.column, std::move(what), std::move(hint));
    }
    void problem(const JsonNode& node, const Error& error) {
        problem(node, error.where.empty() ? error.what : error.where + ": " + error.what, error.hint);
    }

    bool expect(const JsonNode& node, Kind kind, std::string_view what) {
        if (node.is(kind)) return true;
        problem(node, std::string(what) + " is " + std::string(name_of(node.kind)),
                "expected " + std::string(name_of(kind)));
        return false;
    }

    static std::string near_hint(std::string_view word, const Words& words, std::string_view what) {
        if (const auto near = nearest(word, words); !near.empty()) return "did you mean \"" + std::string(near) + "\"?";
        std::string out = "expected " + std::string(what);
        for (std::size_t i = 0; i < words.size() && i < 12; ++i) out += (i == 0 ? ": " : ", ") + std::string(words[i]);
        return out;
    }

    void check_keys(const JsonNode& object, const Words& known) {
        for (const auto& member : object.members)
            if (std::find(known.begin(), known.end(), member.key) == known.end())
                problem_at(member.line, member.column, "there is no key \"" + shown(member.key) + "\" here",
                           near_hint(member.key, known, "one of"));
    }

    const JsonNode* want(const JsonNode& object, std::string_view key, Kind kind) {
        const auto* node = object.find(key);
        return node != nullptr && expect(*node, kind, key) ? node : nullptr;
    }
    const JsonNode* need(const JsonNode& object, std::string_view key, Kind kind) {
        if (object.find(key) == nullptr) {
            problem(object, "\"" + std::string(key) + "\" is missing", "expected " + std::string(name_of(kind)));
            return nullptr;
        }
        return want(object, key, kind);
    }

    template <typename Each>
    void each(const JsonNode& object, std::string_view key, const Each& call) {
        if (const auto* array = want(object, key, Kind::array))
            for (const auto& item : array->items) call(item);
    }
    template <typename Each>
    void members(const JsonNode& object, std::string_view key, const Each& call) {
        if (const auto* inner = want(object, key, Kind::object))
            for (const auto& member : inner->members) {
                if (!is_safe_name(member.key))
                    problem_at(member.line, member.column, "\"" + shown(member.key) + "\" is no name", id_hint);
                call(member);
            }
    }
    // The strings of an array.
    std::vector<const JsonNode*> strings(const JsonNode& object, std::string_view key) {
        std::vector<const JsonNode*> out;
        each(object, key, [&](const JsonNode& item) {
            if (expect(item, Kind::string, "an item of " + std::string(key))) out.push_back(&item);
        });
        return out;
    }
    std::optional<bool> flag(const JsonNode& object, std::string_view key) {
        const auto* node = want(object, key, Kind::boolean);
        return node != nullptr ? std::optional(node->boolean) : std::nullopt;
    }

    void read_list_entry(const JsonNode& node) {
        if (!expect(node, Kind::object, "a list")) return;
        check_keys(node, {"category", "allow", "file", "url", "format", "scope"});
        RuleFile::List list;
        list.place = {node.line, node.column};
        const bool is_allow_list = flag(node, "allow").value_or(false);
        if (const auto* category = want(node, "category", Kind::string)) {
            const auto found = Taxonomy::shipped().find(category->text);
            if (found)
                list.category = *found;
            else
                problem(*category, found.error());
            if (is_allow_list) problem(*category, "an allow-list has no category", "leave one of the two out");
        } else if (!is_allow_list && node.find("category") == nullptr) {
            problem(node, "\"category\" is missing", "expected a category, or \"allow\": true for an allow-list");
        }
        const auto *file = want(node, "file", Kind::string), *url = want(node, "url", Kind::string);
        if ((node.find("file") != nullptr) == (node.find("url") != nullptr))
            problem(node, "a list has a \"file\" or a \"url\"", "expected one of the two");
        if (file != nullptr) {
            list.file = file->text;
            if (!is_safe_path(list.file))
                problem(*file, "a path that leaves the folder of the rule file",
                        "expected one beside the rule file, such as lists/adult.txt");
        }
        if (url != nullptr) {
            list.url = url->text;
            if (!list.url.starts_with("https://") && !list.url.starts_with("http://"))
                problem(*url, "\"" + shown(list.url) + "\" is no address of a list", "expected https://...");
        }
        if (const auto* format = want(node, "format", Kind::string)) {
            if (const auto parsed = parse_list_format(format->text)) {
                list.format = *parsed;
            } else {
                const auto names = list_format_names();
                problem(*format, "\"" + shown(format->text) + "\" is no list format",
                        near_hint(format->text, Words(names.begin(), names.end()), "one of"));
            }
        }
        if (const auto* scope = want(node, "scope", Kind::string)) {
            if (scope->text == "exact")
                list.scope = Scope::exact;
            else if (scope->text == "subtree")
                list.scope = Scope::subtree;
            else
                problem(*scope, "\"" + shown(scope->text) + "\" is no scope",
                        near_hint(scope->text, {"exact", "subtree"}, "one of"));
        }
        out_.lists.push_back(std::move(list));
    }

    void read_service(const JsonNode& node) {
        if (!expect(node, Kind::object, "a service")) return;
        check_keys(node, {"id", "title", "hosts", "executables", "desktop_ids", "flatpak_ids"});
        Service service;
        if (const auto* id = need(node, "id", Kind::string)) {
            service.id = id->text;
            if (!is_safe_name(service.id)) problem(*id, "\"" + shown(service.id) + "\" is no id", id_hint);
            if (Taxonomy::shipped().find(service.id))
                problem(*id, "a category is called \"" + service.id + "\"", "choose another id");
            if (std::any_of(out_.services.begin(), out_.services.end(),
                            [&](const Service& other) { return other.id == service.id; }))
                problem(*id, "\"" + service.id + "\" stands twice");
        }
        service.title = service.id;
        service.kind = "own";
        if (const auto* title = want(node, "title", Kind::string)) service.title = title->text;
        for (const auto* host : strings(node, "hosts")) {
            const auto parsed = site(*host);
            if (parsed) service.hosts.push_back(*parsed);
        }
        for (const auto* name : strings(node, "executables")) service.executables.push_back(name->text);
        for (const auto* name : strings(node, "desktop_ids")) service.desktop_ids.push_back(name->text);
        for (const auto* name : strings(node, "flatpak_ids")) service.flatpak_ids.push_back(name->text);
        out_.services.push_back(std::move(service));
    }

    std::optional<Hostname> site(const JsonNode& node) {
        const auto host = Hostname::parse(node.text);
        if (host && host->label_count() >= 2) return *host;
        problem(node,
                host ? "\"" + shown(node.text) + "\" is a single label, no site"
                     : "\"" + shown(node.text) + "\" is no site: " + host.error().what,
                "expected one such as example.org");
        return std::nullopt;
    }

    struct Holiday {
        std::string name;
        std::vector<std::pair<Day, Day>> ranges;
    };

    std::optional<std::pair<Day, Day>> range(const JsonNode& node, std::string_view text) {
        const auto days = parse_days(text);
        if (days) return *days;
        problem(node, days.error());
        return std::nullopt;
    }

    void read_holiday(const JsonNode::Member& member) {
        Holiday holiday{member.key, {}};
        if (!expect(member.value, Kind::array, "holidays")) return;
        for (const auto& item : member.value.items)
            if (expect(item, Kind::string, "a holiday"))
                if (const auto days = range(item, item.text)) holiday.ranges.push_back(*days);
        holidays_.push_back(std::move(holiday));
    }

    std::vector<Schedule::Window> windows(const JsonNode& array, std::string_view what) {
        std::vector<Schedule::Window> out;
        if (!expect(array, Kind::array, what)) return out;
        for (const auto& item : array.items) {
            if (!expect(item, Kind::string, "a window")) continue;
            if (const auto window = parse_window(item.text))
                out.push_back(*window);
            else
                problem(item, window.error());
        }
        return out;
    }

    unsigned weekdays(const JsonNode::Member& member) {
        const auto days = parse_weekdays(member.key);
        if (days) return *days;
        problem_at(member.line, member.column, days.error().what, days.error().hint);
        return 0;
    }

    void read_schedule(const JsonNode::Member& member) {
        Schedule schedule;
        schedule.name = member.key;
        if (!expect(member.value, Kind::object, "a schedule")) return;
        check_keys(member.value, {"windows", "not_on", "on"});
        if (const auto* weekly = need(member.value, "windows", Kind::object))
            for (const auto& day : weekly->members) {
                const auto days = weekdays(day);
                for (const auto& window : windows(day.value, "windows"))
                    for (int i = 0; i < 7; ++i)
                        if ((days >> i & 1) != 0) schedule.add(i, window);
            }
        for (const auto* name : strings(member.value, "not_on")) {
            if (const auto it = std::find_if(holidays_.begin(), holidays_.end(),
                                             [&](const Holiday& h) { return h.name == name->text; });
                it != holidays_.end()) {
                for (const auto& [first, last] : it->ranges) schedule.add(Schedule::Exception{first, last, {}});
            } else if (name->text.size() >= 10 && name->text[4] == '-') {
                if (const auto days = range(*name, name->text))
                    schedule.add(Schedule::Exception{days->first, days->second, {}});
            } else {
                Words known;
                for (const auto& holiday : holidays_) known.push_back(holiday.name);
                problem(*name, "there are no holidays \"" + shown(name->text) + "\"",
                        near_hint(name->text, known, "a day, a range, or one of"));
            }
        }
        if (const auto* dated = want(member.value, "on", Kind::object))
            for (const auto& day : dated->members) {
                JsonNode at;
                at.line = day.line;
                at.column = day.column;
                const auto days = range(at, day.key);
                auto open = windows(day.value, "windows");
                if (days) schedule.add(Schedule::Exception{days->first, days->second, std::move(open)});
            }
        if (out_.schedules.size() == 65535)
            problem_at(member.line, member.column, "more than 65,535 schedules");
        else
            out_.schedules.push_back(std::move(schedule));
    }
    void problem_at(int line, int column, std::string what) { problem_at(line, column, std::move(what), {}); }

    std::optional<ScheduleIndex> find_schedule(const JsonNode& node) {
        Words known;
        for (std::size_t i = 0; i < out_.schedules.size(); ++i) {
            if (out_.schedules[i].name == node.text) return static_cast<ScheduleIndex>(i);
            known.push_back(out_.schedules[i].name);
        }
        problem(node, "there is no schedule \"" + shown(node.text) + "\"",
                near_hint(node.text, known, "one of \"schedules\""));
        return std::nullopt;
    }

    const Service* find_service(std::string_view id) const {
        for (const auto& service : out_.services)
            if (service.id == id) return &service;
        return Services::shipped().find(id);
    }

    void read_rule(const JsonNode& node, Verdict verdict, std::vector<RuleFile::Rule>& rules) {
        RuleFile::Rule rule;
        rule.verdict = verdict;
        const JsonNode* what = &node;
        if (node.is(Kind::object)) {
            check_keys(node, {"what", "during", "always"});
            what = need(node, "what", Kind::string);
            if (const auto* during = want(node, "during", Kind::string)) rule.during = find_schedule(*during);
            if (const auto always = flag(node, "always")) {
                rule.is_always = *always;
                if (*always && verdict == Verdict::block)
                    problem(node, "\"always\" is for what is allowed", "a block rule holds at any time by itself");
            }
            if (what == nullptr) return;
        } else if (!node.is(Kind::string)) {
            problem(node, "a rule is " + std::string(name_of(node.kind)),
                    "expected a category, a service or a site, or {\"what\": ..., \"during\": ...}");
            return;
        }
        rule.subject = what->text;
        if (WebRule::is_meant(what->text)) {
            auto web = WebRule::parse(what->text);
            if (!web) {
                problem(*what, web.error());
                return;
            }
            if (verdict == Verdict::allow && web->kind != WebRule::Kind::page)
                problem(*what, "of a search, a download and a type there is only block",
                        "an allowed page:example.org/... is excepted from such rules");
            rule.subject = web->subject();
            rule.web = *std::move(web);
        } else if (const auto category = Taxonomy::shipped().find(what->text)) {
            rule.category = *category;
            rule.subject = std::string(Taxonomy::shipped().id_of(*category));
            if (rule.is_always) problem(node, "\"always\" is for sites and services, not for a whole category");
        } else if (find_service(what->text) == nullptr) {
            const auto host = Hostname::parse(what->text);
            if (!host || host->label_count() < 2) {
                Words known;
                for (const auto& entry : Taxonomy::shipped().entries()) {
                    known.push_back(entry.id);
                    known.insert(known.end(), entry.aliases.begin(), entry.aliases.end());
                }
                for (const auto& service : Services::shipped().all()) known.push_back(service.id);
                for (const auto& service : out_.services) known.push_back(service.id);
                const auto near = nearest(what->text, known);
                problem(*what, "\"" + shown(what->text) + "\" is neither a category nor a service nor a site",
                        near.empty() ? "expected one such as gambling, roblox or example.org"
                                     : "did you mean \"" + std::string(near) + "\"?");
                return;
            }
            rule.site = *host;
            rule.subject = std::string(host->text());
        }
        rules.push_back(std::move(rule));
    }

    void read_profiles(const JsonNode& root) {
        const auto* all = need(root, "profiles", Kind::object);
        if (all == nullptr) return;
        for (const auto& member : all->members) {
            if (!is_safe_name(member.key))
                problem_at(member.line, member.column, "\"" + shown(member.key) + "\" is no name", id_hint);
            if (member.key == household_profile)
                problem_at(member.line, member.column,
                           "\"household\" is what those are called who belong to nobody known", "choose another name");
            RuleFile::ProfileText profile;
            profile.name = member.key;
            profile.place = {member.line, member.column};
            out_.profiles.push_back(std::move(profile));
        }
        for (std::size_t i = 0; i < all->members.size(); ++i) read_profile(all->members[i].value, out_.profiles[i]);
        for (const auto& profile : out_.profiles) check_ancestors(profile);
    }

    void read_profile(const JsonNode& node, RuleFile::ProfileText& profile) {
        if (!expect(node, Kind::object, "a profile")) return;
        check_keys(node, {"inherits", "tier", "block", "allow", "online", "allow_list_only", "safe_search",
                          "restricted_mode", "watch_only", "google_domains"});
        if (const auto* parent = want(node, "inherits", Kind::string))
            profile.parent = find_profile(parent->text, *parent);
        if (const auto* tier = want(node, "tier", Kind::string)) {
            if (const auto parsed = parse_tier(tier->text))
                profile.tier = *parsed;
            else
                problem(*tier, "\"" + shown(tier->text) + "\" is no age tier", parsed.error().hint);
        } else if (node.find("inherits") == nullptr && node.find("tier") == nullptr) {
            problem(node, "the profile has neither \"tier\" nor \"inherits\"",
                    "expected \"tier\": one of 0-6, 7-11, 12-15, 16-17, adult");
        }
        each(node, "block", [&](const JsonNode& item) { read_rule(item, Verdict::block, profile.rules); });
        each(node, "allow", [&](const JsonNode& item) { read_rule(item, Verdict::allow, profile.rules); });
        if (const auto* online = want(node, "online", Kind::string)) profile.online = find_schedule(*online);
        profile.is_allow_list_only = flag(node, "allow_list_only");
        profile.has_safe_search = flag(node, "safe_search");
        profile.is_watched_only = flag(node, "watch_only");
        if (const auto* domains = want(node, "google_domains", Kind::string)) {
            if (auto parsed = parse_google_domains(domains->text))
                profile.google_domains = *std::move(parsed);
            else
                problem(*domains, parsed.error());
        }
        if (const auto* mode = want(node, "restricted_mode", Kind::string)) {
            for (const auto candidate : {RestrictedMode::off, RestrictedMode::moderate, RestrictedMode::strict})
                if (name_of(candidate) == mode->text) profile.restricted_mode = candidate;
            if (!profile.restricted_mode)
                problem(*mode, "\"" + shown(mode->text) + "\" is no restricted mode",
                        near_hint(mode->text, {"off", "moderate", "strict"}, "one of"));
        }
    }

    void check_ancestors(const RuleFile::ProfileText& profile) {
        int depth = 0;
        for (const auto* at = &profile; at->parent; at = &out_.profiles[*at->parent])
            if (++depth > max_inheritance) {
                problem_at(profile.place.line, profile.place.column,
                           "the profile \"" + profile.name + "\" inherits from itself, or over more than 16 others");
                return;
            }
    }

    std::optional<std::size_t> find_profile(std::string_view name, const JsonNode& node) {
        Words known;
        for (std::size_t i = 0; i < out_.profiles.size(); ++i) {
            if (out_.profiles[i].name == name) return i;
            known.push_back(out_.profiles[i].name);
        }
        problem(node, "there is no profile \"" + shown(name) + "\"", near_hint(name, known, "one of \"profiles\""));
        return std::nullopt;
    }

    void read_group(const JsonNode::Member& member) {
        RuleFile::GroupText group;
        group.name = member.key;
        if (!expect(member.value, Kind::object, "a group")) return;
        check_keys(member.value, {"profile", "accounts", "networks"});
        if (const auto* profile = need(member.value, "profile", Kind::string))
            if (const auto found = find_profile(profile->text, *profile)) group.profile = *found;
        for (const auto* account : strings(member.value, "accounts")) {
            if (account->text.empty() || account->text.size() > 32) problem(*account, "no name of an account");
            group.accounts.push_back(account->text);
        }
        for (const auto* network : strings(member.value, "networks")) {
            if (const auto parsed = parse_network(network->text))
                group.networks.push_back(*parsed);
            else
                problem(*network, parsed.error());
        }
        out_.groups.push_back(std::move(group));
    }

    // "Monday 10:15": the first such day since 2024 that no schedule makes an exception for; or "2026-11-24 10:15".
    std::optional<LocalTime> time_of_case(const JsonNode& node) {
        const auto blank = node.text.find(' ');
        const auto day_text = std::string_view(node.text).substr(0, blank);
        const auto minute = blank == std::string::npos
                                ? Result<std::int32_t>(Error{"not a time", shown(node.text),
                                                             "expected \"Monday 10:15\" or \"2026-11-24 10:15\""})
                                : parse_time_of_day(std::string_view(node.text).substr(blank + 1));
        if (!minute || *minute == 1440) {
            problem(node, minute ? Error{"24:00 is 00:00 of the next day", {}, {}} : minute.error());
            return std::nullopt;
        }
        if (const auto day = parse_day(day_text)) return LocalTime{*day, *minute};
        const auto weekday = parse_weekday(day_text);
        if (!weekday) {
            problem(node, "\"" + shown(day_text) + "\" is neither a weekday nor a day",
                    "expected \"Monday 10:15\" or \"2026-11-24 10:15\"");
            return std::nullopt;
        }
        auto day = *parse_day("2024-01-01") + *weekday;  // a Monday
        const auto is_special = [&](Day candidate) {
            return std::any_of(out_.schedules.begin(), out_.schedules.end(), [&](const Schedule& s) {
                return s.has_exception_on(candidate) || s.has_exception_on(candidate - 1);
            });
        };
        for (int week = 0; week < 520 && is_special(day); ++week) day += 7;
        return LocalTime{day, *minute};
    }

    void read_case(const JsonNode& node) {
        if (!expect(node, Kind::object, "a test")) return;
        check_keys(node, {"group", "at", "site", "expect", "because"});
        RuleFile::Case test;
        test.place = {node.line, node.column};
        if (const auto* group = need(node, "group", Kind::string)) {
            Words known;
            bool is_found = false;
            for (std::size_t i = 0; i < out_.groups.size(); ++i) {
                if (out_.groups[i].name == group->text) test.group = i, is_found = true;
                known.push_back(out_.groups[i].name);
            }
            if (!is_found)
                problem(*group, "there is no group \"" + shown(group->text) + "\"",
                        near_hint(group->text, known, "one of \"groups\""));
        }
        if (const auto* at = need(node, "at", Kind::string))
            if (const auto time = time_of_case(*at)) test.at = *time;
        if (const auto* given = need(node, "site", Kind::string)) {
            auto text = std::string_view(given->text);
            if (const auto scheme = text.find("://"); scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
            const auto slash = text.find('/');
            const auto host = Hostname::parse(text.substr(0, slash));
            if (!host)
                problem(*given, "\"" + shown(given->text) + "\" is no site: " + host.error().what,
                        "expected one such as youtube.com");
            else {
                test.site = *host;
                if (slash != std::string_view::npos) {
                    test.url = normal_url(*host, text.substr(slash));
                    test.target = text.substr(slash);
                }
            }
        }
        if (const auto* expected = need(node, "expect", Kind::string)) {
            if (expected->text == "allow")
                test.expect = Verdict::allow;
            else if (expected->text != "block")
                problem(*expected, "\"" + shown(expected->text) + "\" is nothing to expect",
                        near_hint(expected->text, {"allow", "block"}, "one of"));
        }
        if (const auto* because = want(node, "because", Kind::string)) {
            test.because = because->text;
            const Words known = {"protected help", "unsupervised", "own rule",  "service",     "schedule",
                                 "bypass",         "category",     "essential", "not on list", "no rule"};
            const auto is_known = std::any_of(known.begin(), known.end(), [&](std::string_view word) {
                return test.because == word || test.because.starts_with(std::string(word) + " ");
            });
            if (!is_known)
                problem(*because, "\"" + shown(test.because) + "\" is no reason",
                        near_hint(test.because, known, "one of"));
            for (const std::string word : {"category ", "bypass "}) {
                if (!test.because.starts_with(word)) continue;
                if (const auto category = Taxonomy::shipped().find(std::string_view(test.because).substr(word.size())))
                    test.because = word + std::string(Taxonomy::shipped().id_of(*category));
                else
                    problem(*because, category.error());
            }
        }
        out_.tests.push_back(std::move(test));
    }

    static constexpr std::string_view household_profile = "household";

    const std::string& name_;
    RuleFile& out_;
    std::vector<Error>& problems_;
    std::vector<Holiday> holidays_;
};

}  // namespace

RuleFileReading read_rule_file(std::string_view text, const std::string& name) {
    RuleFileReading out;
    const auto root = parse_json_text(text, name);
    if (!root) {
        out.problems.push_back(root.error());
        return out;
    }
    RuleFile file;
    Reader(name, file, out.problems).read(*root);
    if (out.problems.empty()) out.file = std::move(file);
    return out;
}

}  // namespace hort
