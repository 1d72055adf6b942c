#include "rules/decision.h"

namespace hort {

std::string_view name_of(Reason reason) {
    constexpr std::string_view names[] = {"protected_help", "unsupervised", "own_rule",
                                          "bypass",         "category",     "no_rule"};
    return names[static_cast<std::size_t>(reason)];
}

Decision decide(const Policy& policy, const Subject& subject, const Hostname& host, Moment /*now*/) {
    const Profile& profile = *subject.profile;
    if (policy.help && policy.help->contains(host)) return {Verdict::allow, Reason::protected_help, {}, {}};
    if (!profile.is_supervised) return {Verdict::allow, Reason::unsupervised, {}, {}};
    if (const auto own = profile.own_rules.longest_suffix(host); own.value != nullptr)
        return {*own.value, Reason::own_rule, {own.labels, {}}, {}};

    const auto match = policy.ruleset->lookup(host, profile.blocked);
    const CategorySet blocked = match.categories & profile.blocked;
    if (const auto bypass = blocked & policy.bypass; !bypass.empty())
        return {Verdict::block, Reason::bypass, {match.matched_labels, bypass.first()}, {}};
    if (!blocked.empty()) return {Verdict::block, Reason::category, {match.matched_labels, blocked.first()}, {}};
    return {};
}

std::string explain(const Decision& decision, const Subject& subject, const Hostname& host, const Taxonomy& taxonomy) {
    const std::string site(host.text());
    const std::string rule(host.suffix(decision.source.matched_labels));
    const std::string who = subject.person != nullptr ? subject.person->name : "devices that belong to nobody known";
    const auto title = [&] {
        return decision.source.category ? taxonomy.entries()[*decision.source.category].title : std::string();
    };
    switch (decision.reason) {
        case Reason::protected_help:
            return site + " is protected help: always reachable, never logged.";
        case Reason::unsupervised:
            return site + " is allowed: " + who + " is not supervised.";
        case Reason::own_rule:
            return site + (decision.is_blocked() ? " is blocked" : " is allowed") + " by the own rule for " + rule +
                   " of " + who + ".";
        case Reason::bypass:
            return site + " is blocked for " + who + ": " + rule + " is a known way round the filter (" + title() +
                   ").";
        case Reason::category:
            return site + " is blocked for " + who + ": " + rule + " is listed under " + title() + ".";
        case Reason::no_rule:
            return site + " is allowed for " + who + ": no rule speaks against it.";
    }
    return {};
}

}  // namespace hort
