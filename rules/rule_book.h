// RuleBook: rules that say more than "this name is listed" (exceptions, conditions, patterns, expressions), which of
// them hold for a question, and which of those decides.
//
// Between rules: a rewrite, then an important exception, an important rule, an exception, a rule; among equals the one
// that stands first. Within a list where the longest name decides (dnsmasq, unbound, RPZ) that comes before.
// Source: https://adguard-dns.io/kb/general/dns-filtering-syntax/ (important, badfilter, dnsrewrite, denyallow).
//
// Filled once, then read by any number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "rules/expression.h"
#include "rules/hostname.h"
#include "rules/list_rule.h"

namespace hort {

class RuleBook {
  public:
    struct Question {
        const Hostname& host;
        std::uint16_t type = 1;                          // the RR type asked for; A
        std::span<const std::string_view> clients = {};  // the person and its groups, in lower case
        std::string_view url = {};                       // "host/path" in lower case; empty: no path is visible
    };

    struct Rule {
        std::uint32_t list, line;
        std::uint32_t text_at, text_size;  // in the book's texts
        std::int32_t conditions = -1;
        ListRule::Kind kind;
        ListRule::Effect effect;
        bool is_important = false, is_rewrite = false;
        std::uint64_t signature = 0;
    };

    // Says where rules come from; returns the number to add them under. `longest_decides`: see most_specific_wins().
    std::uint32_t add_list(bool longest_decides);
    // Fails when its expression does not compile; nothing is added then.
    Status add(std::uint32_t list, std::uint32_t line, const ListRule& rule);
    // A plain entry, in the least memory.
    void add_name(std::uint32_t list, std::uint32_t line, std::string_view name, ListRule::Kind kind);
    // After the last add, before the first find().
    void finish();

    bool empty() const { return rules_.empty(); }
    std::size_t size() const { return rules_.size(); }

    // Every rule that holds, appended to `found`.
    void find(const Question& question, std::vector<const Rule*>& found) const;
    // Takes out what a longer name of its list silences.
    void silence(std::vector<const Rule*>& found) const;
    // The one that decides among those of `found` for which `counts` says so; nullptr when none does.
    template <typename Counts>
    const Rule* best(const std::vector<const Rule*>& found, const Counts& counts) const {
        const Rule* out = nullptr;
        int out_rank = 0;
        for (const auto* rule : found) {
            if (!counts(*rule)) continue;
            const int r = rank(*rule, found);
            if (r > out_rank || (r == out_rank && out != nullptr && is_before(*rule, *out))) out = rule, out_rank = r;
        }
        return out_rank == 0 ? nullptr : out;
    }
    // How strong a rule is; 0 decides nothing. A plain listed name has plain_rank.
    static constexpr int plain_rank = 3;
    int rank(const Rule& rule, const std::vector<const Rule*>& found) const;

    std::string_view text_of(const Rule& rule) const {
        return std::string_view(texts_).substr(rule.text_at, rule.text_size);
    }

  private:
    struct Conditions {
        std::vector<std::string> not_below;
        std::vector<std::uint16_t> types, not_types;
        std::vector<std::string> clients, not_clients;
        std::string rewrite;
    };
    static bool is_before(const Rule& a, const Rule& b) { return a.list != b.list ? a.list < b.list : a.line < b.line; }
    bool holds(const Rule& rule, const Question& question) const;
    void put_text(Rule& rule, std::string_view text);

    std::vector<bool> longest_decides_;
    std::string texts_;
    std::vector<Rule> rules_;
    std::vector<Conditions> conditions_;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> by_name_;  // hash of the name, rule; sorted by finish()
    std::vector<std::uint64_t> name_filter_;                        // one bit a name: most names are in no rule
    std::vector<std::uint32_t> host_searched_, url_searched_;       // rules whose expression has this number
    std::vector<std::string> host_expressions_, url_expressions_;   // until finish()
    std::unique_ptr<ExpressionSet> host_set_, url_set_;
    std::vector<std::uint32_t> patterns_;  // searched one by one where there are no expressions
    std::vector<std::uint32_t> always_;    // rules for every name
    std::unordered_set<std::uint64_t> badfilters_;
};

// True when an Adblock pattern (lower case) matches a host name. A '^' matches at the end only: no separator is part of
// a host name.
bool pattern_matches(std::string_view pattern, std::string_view host);

}  // namespace hort
