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
        if (const auto change = schedule.next_change(now_.wall_seconds, policy_.zone)) can_change_at(*change);
        if (!time_) time_ = policy_.zone.local_time(now_.wall_seconds);
        return schedule.is_on(*time_);
    }

    bool is_running(const Grant& grant) {
        if (!grant.is_running(now_)) return false;
        if (grant.until) can_change_at(grant.end(now_));
        return true;
    }

    bool is_spent(const BudgetState& budget) {
        if (budget.is_renewed(now_)) return false;
        if (budget.left(now_) == 0) {
            can_change_at(now_.wall_seconds + budget.renews.boot_seconds - now_.boot_seconds);
            return true;
        }
        if (budget.empty_at) can_change_at(now_.wall_seconds + *budget.empty_at - now_.awake_seconds);
        return false;
    }

    bool is_break(const BreakState& state, const std::optional<BreakRule>& rule) {
        if (!rule) return false;
        auto ends_at = state.ends_at;
        if (!ends_at && state.begins_at) {
            const auto before = *state.begins_at - now_.awake_seconds;
            if (before > 0) {
                can_change_at(now_.wall_seconds + before);
                return false;
            }
            ends_at = now_.boot_seconds + before + rule->length;
        }
        if (!ends_at || *ends_at <= now_.boot_seconds) return false;
        can_change_at(now_.wall_seconds + *ends_at - now_.boot_seconds);
        return true;
    }

    // `until` of a decision that depends on what was asked so far.
    std::optional<Moment> until() const {
        if (!until_) return std::nullopt;
        const auto seconds = *until_ - now_.wall_seconds;
        return Moment{*until_, now_.boot_seconds + seconds, now_.awake_seconds + seconds};
    }

  private:
    void can_change_at(std::int64_t moment) {
        if (!until_ || moment < *until_) until_ = moment;
    }

    const Policy& policy_;
    const Moment& now_;
    std::optional<LocalTime> time_;
    std::optional<std::int64_t> until_;  // seconds since 1970 UTC
};

struct OwnRule {
    const SiteRule* rule = nullptr;
    int labels = 0;
};

// Of the rules that hold now; block wins.
const SiteRule* strongest(const std::vector<SiteRule>& rules, Clock& clock) {
    const SiteRule* found = nullptr;
    for (const auto& rule : rules) {
        if (rule.during && clock.is_on(*rule.during) == rule.is_outside) continue;
        if (found == nullptr || (found->verdict == Verdict::allow && rule.verdict == Verdict::block)) found = &rule;
    }
    return found;
}

// The most specific own rule that holds now; at equal length block wins.
OwnRule own_rule(const Profile& profile, const Hostname& host, Clock& clock) {
    const SiteRule* found = nullptr;
    const auto hit = profile.own_rules.longest_suffix(host, [&](const std::vector<SiteRule>& rules) {
        found = strongest(rules, clock);
        return found != nullptr;
    });
    return hit.value == nullptr ? OwnRule{} : OwnRule{found, hit.labels};
}

OwnRule own_rule(const Profile& profile, std::string_view program, Clock& clock) {
    if (program.empty() || profile.program_rules.empty()) return {};
    const auto it = profile.program_rules.find(program_key(program));
    return it == profile.program_rules.end() ? OwnRule{} : OwnRule{strongest(it->second, clock), 0};
}

// A person's grants. One that speaks of something else is not looked at, so that its end is no `until`.
class Grants {
  public:
    Grants(const Subject& subject, Clock& clock) : person_(subject.person), clock_(clock) {}

    bool has(Grant::Kind kind) const {
        bool is_found = false;
        each(kind, [&](const Grant& grant) { is_found = clock_.is_running(grant) || is_found; });
        return is_found;
    }
    // What allows the host by its name, or by a service's.
    const Grant* allow(const Hostname& host) const {
        const Grant* out = nullptr;
        each(Grant::Kind::allow, [&](const Grant& grant) {
            const bool is_meant = (grant.site && host.is_or_is_below(*grant.site)) ||
                                  (grant.service != nullptr && grant.service->has_host(host));
            if (is_meant && clock_.is_running(grant)) out = &grant;
        });
        return out;
    }
    const Grant* allow(std::string_view program) const {
        const Grant* out = nullptr;
        if (program.empty()) return out;
        each(Grant::Kind::allow, [&](const Grant& grant) {
            if (grant.service != nullptr && grant.service->has_program(program) && clock_.is_running(grant))
                out = &grant;
        });
        return out;
    }
    CategorySet categories() const {
        CategorySet out;
        each(Grant::Kind::allow, [&](const Grant& grant) {
            if (grant.category && clock_.is_running(grant)) out = out | CategorySet::of(*grant.category);
        });
        return out;
    }

  private:
    template <typename Each>
    void each(Grant::Kind kind, const Each& call) const {
        if (person_ == nullptr) return;
        for (const auto& grant : person_->grants)
            if (grant.kind == kind) call(grant);
    }

    const Person* person_;
    Clock& clock_;
};

}  // namespace

std::string_view name_of(Reason reason) {
    constexpr std::string_view names[] = {"protected_help", "unsupervised", "pause",  "grant",  "own_rule",
                                          "schedule",       "break",        "budget", "bypass", "category",
                                          "essential",      "not_on_list",  "no_rule"};
    return names[static_cast<std::size_t>(reason)];
}

namespace {

// The name that a search engine or a video site has for those who shall not see everything.
std::string_view rewrite_of(const Profile& profile, const Hostname& host) {
    const auto& safe = SafeSearch::shipped();
    if (profile.has_safe_search)
        if (const auto target = safe.engine_target(host); !target.empty()) return target;
    return safe.restricted_target(host, profile.restricted_mode);
}

Decision verdict_on(const Policy& policy, const Subject& subject, const Target& target, const Moment& now) {
    const Profile& profile = *subject.profile;
    const auto* host = target.host;
    if (host != nullptr && policy.help && policy.help->contains(*host))
        return {Verdict::allow, Reason::protected_help, {}, {}};
    if (!profile.is_supervised) return {Verdict::allow, Reason::unsupervised, {}, {}};

    Clock clock(policy, now);
    const auto own = host != nullptr ? own_rule(profile, *host, clock) : own_rule(profile, target.program, clock);
    const auto by_own_rule = [&] {
        const Source source{own.labels, {}, own.rule->service, own.rule->during, {}, own.rule->is_outside};
        return Decision{own.rule->verdict, Reason::own_rule, source, clock.until()};
    };
    if (own.rule != nullptr && own.rule->is_always) return by_own_rule();
    const Grants grants(subject, clock);
    if (grants.has(Grant::Kind::pause)) return {Verdict::block, Reason::pause, {}, clock.until()};
    if (const auto* allow = host != nullptr ? grants.allow(*host) : grants.allow(target.program)) {
        const auto labels = allow->site ? allow->site->label_count() : 0;
        return {Verdict::allow, Reason::grant, {labels, {}, allow->service}, clock.until()};
    }
    std::array<std::string_view, 8> clients;
    const auto client_count = std::min(clients.size(), profile.client_names.size());
    std::copy_n(profile.client_names.begin(), client_count, clients.begin());
    const auto look_up = [&](CategorySet interest) {
        if (host == nullptr) return Ruleset::Match{policy.ruleset->lookup(*target.address), 0, false};
        return policy.ruleset->lookup({*host, target.record_type, std::span(clients).first(client_count), target.url},
                                      interest);
    };
    if (const auto granted = host != nullptr ? grants.categories() : CategorySet(); !granted.empty())
        if (const auto match = look_up(granted); !(match.categories & granted).empty())
            return {Verdict::allow,
                    Reason::grant,
                    {match.matched_labels, (match.categories & granted).first(), nullptr},
                    clock.until()};
    if (own.rule != nullptr && own.rule->verdict == Verdict::block) return by_own_rule();
    if (profile.online && !clock.is_on(*profile.online) && !grants.has(Grant::Kind::bonus))
        return {Verdict::block, Reason::schedule, {0, {}, nullptr, profile.online}, clock.until()};
    if (subject.person != nullptr && clock.is_break(subject.person->break_state, profile.breaks))
        return {Verdict::block, Reason::break_time, {}, clock.until()};
    // A budget that names the site or its service holds before an own rule that allows it: who allows YouTube and gives
    // it an hour a day means both. One of a category is asked below, where categories are.
    const auto spent = [&](const auto& is_meant) -> std::optional<std::uint16_t> {
        if (subject.person == nullptr) return std::nullopt;
        const auto& states = subject.person->budgets;
        std::optional<std::uint16_t> out;
        for (std::size_t i = 0; i < std::min(states.size(), profile.budgets.size()); ++i)
            if (is_meant(profile.budgets[i].scope) && clock.is_spent(states[i]) && !out)
                out = static_cast<std::uint16_t>(i);
        return out;
    };
    const auto used_up = [&](std::uint16_t index, Source source = {}) {
        source.budget = index;
        return Decision{Verdict::block, Reason::budget, source, clock.until()};
    };
    if (const auto budget = spent([&](const BudgetScope& scope) {
            return scope.is_device || (host != nullptr && scope.names(*host)) ||
                   (!target.program.empty() && scope.covers_program(target.program));
        }))
        return used_up(*budget);
    if (own.rule != nullptr) return by_own_rule();
    if (host == nullptr && target.address == nullptr) return {Verdict::allow, Reason::no_rule, {}, clock.until()};

    auto blocked = profile.blocked;
    const Profile::Timed* timed_by = nullptr;
    for (const auto& timed : profile.timed) {
        if (clock.is_on(timed.during) == timed.is_outside) continue;
        if (timed.verdict == Verdict::block) {
            blocked = blocked | timed.categories;
            timed_by = &timed;
        } else {
            blocked = blocked - timed.categories;
        }
    }
    const auto match = look_up(blocked);
    const CategorySet hit = match.categories & blocked;
    const auto source = [&](CategorySet set) {
        Source out{match.matched_labels, set.first(), nullptr};
        if (timed_by != nullptr && !profile.blocked.contains(set.first())) {
            out.schedule = timed_by->during;
            out.is_outside = timed_by->is_outside;
        }
        return out;
    };
    if (const auto bypass = hit & policy.bypass; !bypass.empty())
        return {Verdict::block, Reason::bypass, source(bypass), clock.until()};
    if (!hit.empty()) return {Verdict::block, Reason::category, source(hit), clock.until()};
    CategorySet counted;
    for (const auto& budget : profile.budgets) counted = counted | budget.scope.categories;
    if (subject.person != nullptr && !subject.person->budgets.empty() && !counted.empty()) {
        const auto of_host = look_up(counted);
        if (const auto budget =
                spent([&](const BudgetScope& scope) { return !(scope.categories & of_host.categories).empty(); })) {
            const auto category = (profile.budgets[*budget].scope.categories & of_host.categories).first();
            return used_up(*budget, {of_host.matched_labels, category, nullptr});
        }
    }
    // A list of what is allowed says all that a person may visit; their machine still needs its updates.
    if (host != nullptr && match.is_essential &&
        (!profile.is_allow_list_only || EssentialAllow::shipped().is_for_machines(*host)))
        return {Verdict::allow, Reason::essential, {}, clock.until()};
    if (host != nullptr && profile.is_allow_list_only && (match.categories & policy.allow_list).empty())
        return {Verdict::block, Reason::not_on_list, {}, clock.until()};
    return {Verdict::allow, Reason::no_rule, {}, clock.until()};
}

}  // namespace

Decision decide(const Policy& policy, const Subject& subject, const Target& target, const Moment& now) {
    auto out = verdict_on(policy, subject, target, now);
    if (target.host != nullptr && !out.is_blocked() && out.reason != Reason::protected_help &&
        out.reason != Reason::unsupervised)
        out.rewrite = rewrite_of(*subject.profile, *target.host);
    return out;
}

std::optional<Moment> verdict_until(const Policy& policy, const Subject& subject, const Target& target,
                                    const Moment& now) {
    constexpr int max_steps = 100;
    constexpr std::int64_t farthest = 8 * 86400;
    auto decision = decide(policy, subject, target, now);
    const auto verdict = decision.verdict;
    for (int i = 0; i < max_steps; ++i) {
        const auto at = decision.until;
        if (!at || at->wall_seconds - now.wall_seconds > farthest) return std::nullopt;
        decision = decide(policy, subject, target, *at);
        // The seconds of the clocks begin at different moments: what ends on one may be there on the other for a
        // moment more.
        if (decision.verdict == verdict && decision.until && decision.until->wall_seconds <= at->wall_seconds)
            decision =
                decide(policy, subject, target, {at->wall_seconds + 1, at->boot_seconds + 1, at->awake_seconds + 1});
        if (decision.verdict != verdict) return at;
    }
    return std::nullopt;
}

namespace {
// A person's own hours have no name.
std::string of_schedule(const Policy& policy, ScheduleIndex index) {
    const auto& name = policy.schedules[index].name;
    return name.empty() ? name : " of " + name;
}

std::string budget_is_used_up(const Profile& profile, const Decision& decision) {
    const auto& budget = profile.budgets[*decision.source.budget];
    return "the time for " + text_of(budget.scope) + " is used up for " +
           (budget.period == Budget::Period::day ? "today" : "this " + std::string(name_of(budget.period)));
}
}  // namespace

std::string explain(const Decision& decision, const Policy& policy, const Subject& subject, const Hostname& host) {
    const std::string site(host.text());
    const auto& source = decision.source;
    // A pattern or an expression matches the whole name.
    const std::string rule(source.matched_labels > 0 ? host.suffix(source.matched_labels) : host.text());
    const std::string who = subject.display_name();
    const auto title = [&] { return Taxonomy::shipped().entries()[*source.category].title.en; };
    const std::string during =
        source.schedule && decision.reason != Reason::schedule
            ? (source.is_outside ? " outside of " : " during ") + policy.schedules[*source.schedule].name
            : std::string();
    switch (decision.reason) {
        case Reason::protected_help:
            return site + " is protected help: always reachable, never logged.";
        case Reason::unsupervised:
            return site + " is allowed: " + who + " is not supervised.";
        case Reason::pause:
            return site + " is blocked for " + who + ": everything is paused.";
        case Reason::grant:
            return site + " is allowed for " + who + ": a guardian allowed " +
                   (source.service != nullptr ? source.service->title
                    : source.category         ? title()
                                              : rule) +
                   " for a while.";
        case Reason::own_rule:
            return site + (decision.is_blocked() ? " is blocked" : " is allowed") + " by the own rule for " +
                   (source.service != nullptr ? source.service->title : rule) + " of " + who + during + ".";
        case Reason::schedule:
            return site + " is blocked for " + who + ": it is outside the hours" +
                   of_schedule(policy, *source.schedule) + ".";
        case Reason::break_time:
            return site + " is blocked for " + who + ": it is time for a break.";
        case Reason::budget:
            return site + " is blocked for " + who + ": " + budget_is_used_up(*subject.profile, decision) + ".";
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

std::string explain_session(const Decision& decision, const Policy& policy, const Subject& subject) {
    const auto who = subject.display_name();
    switch (decision.reason) {
        case Reason::unsupervised:
            return who + " may use the computer: " + who + " is not supervised.";
        case Reason::pause:
            return who + " may not use the computer: everything is paused.";
        case Reason::schedule:
            return who + " may not use the computer: it is outside the hours" +
                   of_schedule(policy, *decision.source.schedule) + ".";
        case Reason::break_time:
            return who + " may not use the computer: it is time for a break.";
        case Reason::budget:
            return who + " may not use the computer: " + budget_is_used_up(*subject.profile, decision) + ".";
        default:
            return who + " may use the computer.";
    }
}

std::string explain_program(const Decision& decision, const Policy& policy, const Subject& subject,
                            std::string_view program) {
    const auto who = subject.display_name();
    const std::string name(program);
    if (!decision.is_blocked())
        return who + " may use the program " + name +
               (decision.reason == Reason::grant      ? ": a guardian allowed it for a while."
                : decision.reason == Reason::own_rule ? " by an own rule."
                                                      : ".");
    const auto of_service =
        decision.source.service != nullptr ? " for " + decision.source.service->title : std::string();
    switch (decision.reason) {
        case Reason::own_rule:
            return who + " may not use the program " + name + " by the own rule" + of_service + ".";
        case Reason::pause:
            return who + " may not use the program " + name + ": everything is paused.";
        case Reason::break_time:
            return who + " may not use the program " + name + ": it is time for a break.";
        case Reason::budget:
            return who + " may not use the program " + name + ": " + budget_is_used_up(*subject.profile, decision) +
                   ".";
        default:
            return who + " may not use the program " + name + ": it is outside the hours" +
                   of_schedule(policy, *decision.source.schedule) + ".";
    }
}

}  // namespace hort
