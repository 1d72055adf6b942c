// ListMatcher: what a set of published lists says of a host, with the rule as written and its place.
//
// It knows every kind of rule (exceptions, conditions, patterns, expressions) and keeps the lists' text, so it is made
// for `hortctl rules match` and for tests; the daemon's look-ups go to the compiled Ruleset.
//
// Which rule decides is said in rule_book.h; above all rules stand protected help and the essential allow-list.
#pragma once

#include <string>
#include <vector>

#include "rules/list_intake.h"
#include "rules/rule_book.h"

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
    // Adds a list. The report counts expressions that do not compile as refused.
    ListReport add(const ListSource& source, const std::string& content, const ListIncluder& include = {});
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
        std::vector<std::uint32_t> line_starts;
    };
    Answer answer(const RuleBook::Rule& rule, Verdict verdict) const;

    std::vector<List> lists_;
    RuleBook book_;
    std::vector<std::string> warnings_;
};

}  // namespace hort
