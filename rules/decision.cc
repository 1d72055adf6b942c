#include "rules/decision.h"

#include <algorithm>
#include <array>

#include "rules/essential_allow.h"

namespace hort {
namespace {

// The clock as the schedules of a policy see it. Remembers the next moment at which one that was asked changes.
class Clock {
  public:
    Clock(const Policy& policy, const Moment& now) : policy_(policy), now_(now) {}

    bool is_on(ScheduleIndex index) {
        const auto& schedule = policy_.schedules[index];
        if (const auto change = schedule.next_change(now_.wall_seconds, policy_.zone);
            change && (!until_ || *change < *until_))
            until_ = change;
        if (!time_) time_ = policy_.zone.local_time(now_.wall_seconds);
        return schedule.is_on(*time_);
    }

    // `until` of a decision that depends on what was asked so far.
    std::optional<Moment> until() const {
        if (!until_) return std::nullopt;
        return Moment{*until_, now_.boot_seconds + (*until_ - now_.wall_seconds)};
    }

  private:
    const Policy& policy_;
    const Moment& now_;
    std::optional<LocalTime> time_;
    std::optional<std::int64_t> until_;  // seconds since 1970 UTC
};

struct OwnRule {
    const SiteRule* rule = nullptr;
    int labels = 0;
};

// The most specific own rule that holds now; at equal length block wins.
OwnRule own_rule(const Profile& profile, const Hostname& host, Clock& clock) {
    const SiteRule* found = nullptr;
    const auto hit = profile.own_rules.longest_suffix(host, [&](const std::vector<SiteRule>& rules) {
        found = nullptr;
        for (const auto& rule : rules) {
            if (rule.during && !clock.is_on(*rule.during)) continue;
            if (found == nullptr || (found->verdict == Verdict::allow && rule.verdict == Verdict::block)) found = &rule;
        }
        return found != nullptr;
    });
    return hit.value == nullptr ? OwnRule{} : OwnRule{found, hit.labels};
}

}  // namespace

std::string_view name_of(Reason reason) {
    constexpr std::string_view names[] = {"protected_help", "unsupervised", "own_rule",    "schedule", "bypass",
                                          "category",       "essential",    "not_on_list", "no_rule"};
    return names[static_cast<std::size_t>(reason)];
}

Decision decide(const Policy& policy, const Subject& subject, const Target& target, const Moment& now) {
    const Profile& profile = *subject.profile;
    const auto& host = target.host;
    if (policy.help && policy.help->contains(host)) return {Verdict::allow, Reason::protected_help, {}, {}};
    if (!profile.is_supervised) return {Verdict::allow, Reason::unsupervised, {}, {}};

    Clock clock(policy, now);
    const auto own = own_rule(profile, host, clock);
    const auto own_source = [&] { return Source{own.labels, {}, own.rule->service, own.rule->during}; };
    if (own.rule != nullptr && (own.rule->verdict == Verdict::block || own.rule->is_always))
        return {own.rule->verdict, Reason::own_rule, own_source(), clock.until()};
    if (profile.online && !clock.is_on(*profile.online))
        return {Verdict::block, Reason::schedule, {0, {}, nullptr, profile.online}, clock.until()};
    if (own.rule != nullptr) return {Verdict::allow, Reason::own_rule, own_source(), clock.until()};

    auto blocked = profile.blocked;
    std::optional<ScheduleIndex> timed_by;
    for (const auto& timed : profile.timed) {
        if (!clock.is_on(timed.during)) continue;
        if (timed.verdict == Verdict::block) {
            blocked = blocked | timed.categories;
            timed_by = timed.during;
        } else {
            blocked = blocked - timed.categories;
        }
    }
    std::array<std::string_view, 8> clients;
    const auto client_count = std::min(clients.size(), profile.client_names.size());
    std::copy_n(profile.client_names.begin(), client_count, clients.begin());
    const auto match =
        policy.ruleset->lookup({host, target.record_type, std::span(clients).first(client_count), target.url}, blocked);
    const CategorySet hit = match.categories & blocked;
    const auto source = [&](CategorySet set) {
        const bool is_timed = timed_by && !profile.blocked.contains(set.first());
        return Source{match.matched_labels, set.first(), nullptr, is_timed ? timed_by : std::nullopt};
    };
    if (const auto bypass = hit & policy.bypass; !bypass.empty())
        return {Verdict::block, Reason::bypass, source(bypass), clock.until()};
    if (!hit.empty()) return {Verdict::block, Reason::category, source(hit), clock.until()};
    // A list of what is allowed says all that a person may visit; their machine still needs its updates.
    if (match.is_essential && (!profile.is_allow_list_only || EssentialAllow::shipped().is_for_machines(host)))
        return {Verdict::allow, Reason::essential, {}, clock.until()};
    if (profile.is_allow_list_only && (match.categories & policy.allow_list).empty())
        return {Verdict::block, Reason::not_on_list, {}, clock.until()};
    return {Verdict::allow, Reason::no_rule, {}, clock.until()};
}

std::string explain(const Decision& decision, const Policy& policy, const Subject& subject, const Hostname& host) {
    const std::string site(host.text());
    const auto& source = decision.source;
    // A pattern or an expression matches the whole name.
    const std::string rule(source.matched_labels > 0 ? host.suffix(source.matched_labels) : host.text());
    const std::string who = subject.display_name();
    const auto title = [&] { return Taxonomy::shipped().entries()[*source.category].title.en; };
    const std::string during = source.schedule && decision.reason != Reason::schedule
                                   ? " during " + policy.schedules[*source.schedule].name
                                   : std::string();
    switch (decision.reason) {
        case Reason::protected_help:
            return site + " is protected help: always reachable, never logged.";
        case Reason::unsupervised:
            return site + " is allowed: " + who + " is not supervised.";
        case Reason::own_rule:
            return site + (decision.is_blocked() ? " is blocked" : " is allowed") + " by the own rule for " +
                   (source.service != nullptr ? source.service->title : rule) + " of " + who + during + ".";
        case Reason::schedule:
            return site + " is blocked for " + who + ": it is outside the hours of " +
                   policy.schedules[*source.schedule].name + ".";
        case Reason::bypass:
            return site + " is blocked for " + who + during + ": " + rule + " is a known way round the filter (" +
                   title() + ").";
        case Reason::category:
            return site + " is blocked for " + who + during + ": " + rule + " is listed under " + title() + ".";
        case Reason::essential:
            return site + " is allowed for " + who + ": it is needed for help, health, learning or updates.";
        case Reason::not_on_list:
            return site + " is blocked for " + who + ": only sites on the own list are allowed.";
        case Reason::no_rule:
            return site + " is allowed for " + who + ": no rule speaks against it.";
    }
    return {};
}

}  // namespace hort
