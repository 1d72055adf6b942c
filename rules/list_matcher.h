// ListMatcher: what a set of published lists says of a host, with the rule as written and its place.
//
// It knows every kind of rule (exceptions, conditions, patterns, expressions) and keeps the lists' text, so it is made
// for `hortctl rules match` and for tests; the daemon's look-ups go to the compiled Ruleset.
//
// Between rules: a rewrite, then an important exception, an important rule, an exception, a rule; among equals the
// first. Within a dnsmasq, unbound or RPZ list the longest name decides before that.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "rules/category.h"
#include "rules/expression.h"
#include "rules/list_reader.h"

namespace hort {

class ListMatcher {
  public:
    struct Question {
        const Hostname& host;
        std::uint16_t type = 1;   // the RR type asked for; A
        std::string client = {};  // a person or a group, in lower case; empty: nobody known
    };
    enum class Verdict : std::uint8_t { none, block, allow };
    struct Answer {
        Verdict verdict = Verdict::none;
        std::string rule;   // as written
        std::string place;  // "file:line"
    };
    // The content of the list that a v2fly list includes; nullopt when there is none.
    using Include = std::function<std::optional<std::string>(const std::string& name)>;
    struct Source {
        std::string name;  // the file
        ListFormat format = ListFormat::domains;
        std::optional<Category> category = {};
        std::optional<Scope> scope = {};  // instead of what the format says of plain names
    };

    // Adds a list. The report counts expressions that do not compile as refused.
    ListReport add(const Source& source, std::string content, const Include& include = {});
    // After the last add(), before the first match().
    void finish();

    Answer match(const Question& question) const;

    // Entries that are public suffixes and were narrowed to the exact name, "file:line: what".
    const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    struct List {
        std::string name;
        std::string content;
        ListFormat format;
        std::optional<Category> category;
        std::optional<Scope> scope;
        std::vector<std::uint32_t> line_starts;
    };
    struct Conditions {
        std::vector<std::string> not_below;
        std::vector<std::uint16_t> types, not_types;
        std::vector<std::string> clients, not_clients;
        std::string rewrite;
    };
    struct Stored {
        std::uint32_t list, line;
        std::uint32_t text_at, text_size;  // in texts_
        std::int32_t conditions = -1;      // in conditions_
        std::int32_t expression = -1;      // in expressions_
        ListRule::Kind kind;
        ListRule::Effect effect;
        bool is_important = false, is_rewrite = false;
        std::uint64_t signature = 0;
    };

    void read(std::uint32_t list, ListReport& report, const ListInclude& only, const Include& include, int depth);
    void put(std::uint32_t list, std::uint32_t line, const ListRule& rule, ListReport& report);
    void put_name(std::uint32_t list, std::uint32_t line, const Hostname& host, Scope scope);
    std::string_view text_of(const Stored& rule) const {
        return std::string_view(texts_).substr(rule.text_at, rule.text_size);
    }
    bool holds(const Stored& rule, const Question& question) const;
    Answer answer(const Stored& rule, Verdict verdict) const;

    std::vector<List> lists_;
    std::string texts_;
    std::vector<Stored> rules_;
    std::vector<Conditions> conditions_;
    std::vector<std::unique_ptr<Expression>> expressions_;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> by_name_;  // hash of the name, rule; sorted by finish()
    std::vector<std::uint32_t> searched_;                           // rules that no name finds
    std::unordered_set<std::uint64_t> badfilters_;
    std::vector<std::string> warnings_;
};

// True when an Adblock pattern (lower case) matches a host name. A '^' matches at the end only: no separator is part of
// a host name.
bool pattern_matches(std::string_view pattern, std::string_view host);

}  // namespace hort
