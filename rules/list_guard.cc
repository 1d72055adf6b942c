#include "rules/list_guard.h"

#include <algorithm>
#include <array>

#include "rules/public_suffix.h"

namespace hort {
namespace {

constexpr std::array<std::string_view, 4> restricted_top = {"edu", "gov", "mil", "int"};
// Second labels that registries give to institutions only, below a country's two letters.
constexpr std::array<std::string_view, 20> restricted_second = {
    "ac",  "edu",    "gov", "gouv",   "gob",        "gub", "gv", "govt",   "go",  "mil",
    "sch", "school", "nhs", "police", "parliament", "ed",  "lg", "edunet", "mod", "k12"};
// Whole names that work likewise.
constexpr std::array<std::string_view, 3> restricted_names = {"admin.ch", "europa.eu", "fed.us"};

template <typename List>
bool holds(const List& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

// "example.edu", "www.example.ac.uk", but neither "ac.uk" nor "x.example.edu".
bool is_institution(const Hostname& host) {
    int own = host.label_count();
    if (own > 2 && host.text().starts_with("www.")) --own;
    const auto without_www = host.suffix(own);
    if (own < 2) return false;
    if (own == 2) {
        const auto dot = without_www.find('.');
        return holds(restricted_top, without_www.substr(dot + 1)) || holds(restricted_names, without_www);
    }
    if (own != 3) return false;
    if (holds(restricted_names, host.suffix(2))) return true;
    const auto registry = host.suffix(2);
    const auto dot = registry.find('.');
    return registry.size() - dot - 1 == 2 && holds(restricted_second, registry.substr(0, dot));
}

}  // namespace

Guarded guard(const Hostname& host, Scope scope, std::optional<Category> category) {
    // No public suffix that anybody would list has more labels; asking the list costs more than all else here.
    if (scope != Scope::exact && host.label_count() <= 5) {
        const auto suffix = public_suffix(host);
        const bool is_about_platforms = category && Taxonomy::shipped().entries()[*category].is_about_platforms;
        if (suffix == PublicSuffix::registry || (suffix == PublicSuffix::platform && !is_about_platforms)) {
            // Of "all below a suffix" nothing is left.
            if (scope == Scope::below) return {std::nullopt, "is a public suffix: what is below it is not taken"};
            return {Scope::exact, "is a public suffix: only the name itself is taken, not all below it"};
        }
    }
    if (category && is_institution(host))
        return {std::nullopt, "is an institution's own site below a restricted registry: not taken"};
    return {scope, {}};
}

}  // namespace hort
