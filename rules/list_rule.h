// One rule of a published list that says more than "this name": an exception, a condition, a pattern.
//
// Plain names (most of all that is published) do not take this form; see ListEntry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/scope.h"

namespace hort {

struct ListRule {
    enum class Kind : std::uint8_t {
        exact,           // `text` is a host name: this name
        subtree,         // this name and all below it
        below,           // all below it, not the name itself (an RPZ wildcard)
        pattern,         // an Adblock pattern: '|' and '||' anchors, '*' and '^'
        keyword,         // a part of the name (v2fly keyword:)
        expression,      // RE2 syntax, searched in the name
        url,             // host/path and all below that path; counts for the proxy, never for a host alone
        url_expression,  // RE2 syntax, searched in the name and, where a path is visible, in "host/path"
        network,         // `text` is an address or a network; counts for addresses, never for a name
        badfilter,       // switches off the rules that have the same signature
    };
    enum class Effect : std::uint8_t {
        block,
        allow,          // an exception
        rewrite,        // answered with something else: the name stays in use
        allow_rewrite,  // an exception to rewrites
    };

    Kind kind = Kind::subtree;
    Effect effect = Effect::block;
    bool is_important = false;
    bool is_rewrite = false;  // written as $dnsrewrite
    std::string rewrite;      // its value; of an exception: the value that it excepts, empty for all
    std::string text;
    // Of an Adblock rule: its pattern and its modifiers in a fixed order, without badfilter.
    std::string signature;

    // Conditions; all have to hold. An empty one always does.
    std::vector<std::string> not_below;             // $denyallow: names that are exempt with all below them
    std::vector<std::uint16_t> types, not_types;    // $dnstype: RR types
    std::vector<std::string> clients, not_clients;  // $client and $ctag: people and groups

    bool has_conditions() const {
        return !not_below.empty() || !types.empty() || !not_types.empty() || !clients.empty() || !not_clients.empty();
    }
};

// How far a rule on a name reaches; nullopt for one that is on no name.
constexpr std::optional<Scope> scope_of(ListRule::Kind kind) {
    switch (kind) {
        case ListRule::Kind::exact:
            return Scope::exact;
        case ListRule::Kind::subtree:
            return Scope::subtree;
        case ListRule::Kind::below:
            return Scope::below;
        default:
            return std::nullopt;
    }
}
constexpr ListRule::Kind kind_of(Scope scope) {
    return scope == Scope::exact     ? ListRule::Kind::exact
           : scope == Scope::subtree ? ListRule::Kind::subtree
                                     : ListRule::Kind::below;
}

}  // namespace hort
