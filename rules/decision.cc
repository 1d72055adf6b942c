#include "rules/decision.h"

#include <algorithm>
#include <array>

#include "rules/enumerator.h"
#include "rules/essential_allow.h"
#include "rules/fold_text.h"
#include "rules/request_target.h"

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
    const WebRule* web = nullptr;
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

// What a profile says of a page, a search or what is loaded. A page is more than its site, and the longest decides; for
// the others there is only block: who allows a site did not speak of them.
OwnRule own_web_rule(const Profile& profile, const Target& target, Clock& clock) {
    OwnRule out;
    if (profile.web_rules.empty() || target.url.empty()) return out;
    const auto holds = [&](const SiteRule& rule) {
        return !rule.during || clock.is_on(*rule.during) != rule.is_outside;
    };
    std::size_t length = 0;
    for (const auto& [what, rule] : profile.web_rules) {
        if (what.kind != WebRule::Kind::page || what.text.size() < length || !what.covers_page(target.url)) continue;
        const bool is_weaker = what.text.size() == length && rule.verdict == Verdict::allow;
        if (is_weaker || !holds(rule)) continue;
        out = {&rule, 0, &what};
        length = what.text.size();
    }
    if (out.rule != nullptr) return out;
    const auto searched = folded(SafeSearch::shipped().searched(*target.host, target.request_target));
    const auto words = words_of(searched);
    const auto of_path = file_extension(target.request_target), of_name = file_extension(target.file_name);
    for (const auto& [what, rule] : profile.web_rules) {
        if (rule.verdict == Verdict::allow) continue;
        const bool is_meant = what.kind == WebRule::Kind::search ? !words.empty() && what.covers_search(searched, words)
                              : what.kind == WebRule::Kind::download ? what.text == of_path || what.text == of_name
                              : what.kind == WebRule::Kind::media_type
                                  ? !target.media_type.empty() && what.covers_type(target.media_type)
                                  : false;
        if (is_meant && holds(rule)) return {&rule, 0, &what};
    }
    return out;
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

namespace {

constexpr std::string_view reason_names[] = {"protected_help", "unsupervised", "pause",       "grant",  "own_rule",
                                             "schedule",       "break",        "budget",      "bypass", "category",
                                             "content",        "essential",    "not_on_list", "no_rule"};

}  // namespace

std::string_view name_of(Reason reason) { return reason_names[static_cast<std::size_t>(reason)]; }

std::optional<Reason> parse_reason(std::string_view name) { return enumerator_named<Reason>(name, reason_names); }

namespace {

// The name that a search engine or a video site has for those who shall not see everything.
std::string_view rewrite_of(const Profile& profile, const Hostname& host) {
    return SafeSearch::shipped().target(host, profile.has_safe_search, profile.restricted_mode);
}

Decision verdict_on(const Policy& policy, const Subject& subject, const Target& target, const Moment& now) {
    const Profile& profile = *subject.profile;
    const auto* host = target.host;
    if (host != nullptr && policy.help && policy.help->contains(*host))
        return {Verdict::allow, Reason::protected_help, {}, {}};
    if (!profile.is_supervised) return {Verdict::allow, Reason::unsupervised, {}, {}};

    Clock clock(policy, now);
    auto own = host != nullptr ? own_web_rule(profile, target, clock) : OwnRule{};
    if (own.rule == nullptr)
        own = host != nullptr ? own_rule(profile, *host, clock) : own_rule(profile, target.program, clock);
    const auto by_own_rule = [&] {
        const Source source{own.labels, {}, own.rule->service, own.rule->during, {}, own.rule->is_outside, own.web};
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
    if (target.content != nullptr && profile.scans_content)
        for (const auto& [category, score] : *target.content)
            if (blocked.contains(category) && score >= Phrases::limit(profile.tier))
                return {Verdict::block, Reason::content, source(CategorySet::of(category)), clock.until()};
    if (profile.is_allow_list_only && (match.categories & policy.allow_list).empty())
        return {Verdict::block, Reason::not_on_list, {}, clock.until()};
    return {Verdict::allow, Reason::no_rule, {}, clock.until()};
}

}  // namespace

namespace {

// Who may not visit a site may not see it through another one either: a translator, a cache, a proxy on the web.
void ask_about_sites_within(Decision& out, const Policy& policy, const Subject& subject, const Target& target,
                            const Moment& now) {
    const auto ask = [&](const Hostname& site, bool is_all_of_it) {
        auto inner = verdict_on(policy, subject, site, now);
        const bool is_blocked =
            inner.is_about_target() || (is_all_of_it && inner.is_blocked() && inner.reason == Reason::not_on_list);
        if (inner.until && (!out.until || inner.until->wall_seconds < out.until->wall_seconds)) out.until = inner.until;
        if (!is_blocked) return false;
        inner.source.is_within = true;
        inner.source.matched_labels = 0;
        inner.until = out.until;
        out = inner;
        return true;
    };
    if (const auto named = site_within(*target.host); !named.empty() && ask(named, true)) return;
    if (target.request_target.empty()) return;
    for (const auto& site : sites_within(*target.host, target.request_target))
        if (ask(site, false)) return;
}

}  // namespace

Decision decide(const Policy& policy, const Subject& subject, const Target& target, const Moment& now) {
    auto out = verdict_on(policy, subject, target, now);
    if (target.host != nullptr && !out.is_blocked() && out.reason != Reason::protected_help &&
        out.reason != Reason::unsupervised && out.reason != Reason::grant && out.source.web == nullptr)
        ask_about_sites_within(out, policy, subject, target, now);
    // A pause is asked for by hand.
    if (out.is_blocked() && subject.profile->is_watched_only && out.reason != Reason::pause) {
        out.verdict = Verdict::allow;
        out.is_watched = true;
    }
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

}  // namespace hort
