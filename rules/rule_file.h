// RuleFile: what a school writes and reviews: lists, own rules, services, profiles by group, schedules and holidays,
// and the file's own test cases. `*.hort.json`, JSON with comments; the format is described in rules/RULE_FILE.md and
// by the JSON Schema rules/data/rule_file.schema.json.
//
// Passive: reads text, opens nothing. Making a Policy of it: rule_file_policy.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/category.h"
#include "rules/list_reader.h"
#include "rules/network.h"
#include "rules/profile.h"
#include "rules/schedule.h"

namespace hort {

struct RuleFile {
    struct Place {
        int line = 1, column = 1;
    };
    struct List {
        std::optional<Category> category;  // empty: an allow-list
        std::string file, url;             // one of them; a file stands beside the rule file or below its folder
        std::optional<ListFormat> format;  // empty: detected
        std::optional<Scope> scope;
        Place place;

        const std::string& address() const { return file.empty() ? url : file; }
    };
    // "block this, during that": of a category, a service or a site.
    struct Rule {
        Verdict verdict = Verdict::block;
        std::string subject;  // as written, in its normal form
        std::optional<Category> category;
        std::optional<Hostname> site;
        std::optional<WebRule> web;  // none of the three: a service
        std::optional<ScheduleIndex> during;
        bool is_always = false;
    };
    struct ProfileText {
        std::string name;
        std::optional<std::size_t> parent;  // in profiles, always before this one in order()
        std::optional<Tier> tier;
        std::vector<Rule> rules;
        std::optional<ScheduleIndex> online;
        std::optional<bool> is_allow_list_only, has_safe_search, is_watched_only;
        std::optional<std::string> google_domains;
        std::optional<RestrictedMode> restricted_mode;
        Place place;
    };
    struct GroupText {
        std::string name;
        std::size_t profile = 0;
        std::vector<std::string> accounts;
        std::vector<Network> networks;
    };
    struct Case {
        std::size_t group = 0;
        LocalTime at;
        Hostname site;
        std::string url;     // in normal form; empty: only the host is asked for
        std::string target;  // the same as written, in origin-form
        Verdict expect = Verdict::block;
        std::string because;  // empty: any reason
        Place place;
    };

    std::string name, title;
    std::int64_t serial = 0;
    std::vector<List> lists;
    std::vector<Service> services;
    std::vector<Schedule> schedules;
    std::vector<ProfileText> profiles;
    std::vector<GroupText> groups;
    std::optional<std::size_t> default_profile;  // for devices that belong to nobody known
    std::vector<Case> tests;
};

struct RuleFileReading {
    std::optional<RuleFile> file;  // set when there are no problems
    std::vector<Error> problems;   // every one, in the order of the file; `where` is "name:line:column"
};

// `name` is the file, for messages.
RuleFileReading read_rule_file(std::string_view text, const std::string& name);

}  // namespace hort
