// A decision in words (decision.h).
#include "rules/decision.h"

namespace hort {
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
    if (decision.is_watched) {
        auto would_be = decision;
        would_be.verdict = Verdict::block;
        would_be.is_watched = false;
        return explain(would_be, policy, subject, host) + " It is only watched, so it passes.";
    }
    const std::string site(host.text());
    const auto& source = decision.source;
    // A pattern or an expression matches the whole name.
    const std::string rule = source.is_within            ? "a site that it shows"
                             : source.web != nullptr     ? source.web->subject()
                             : source.matched_labels > 0 ? std::string(host.suffix(source.matched_labels))
                                                         : site;
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
        case Reason::content:
            return site + " is blocked for " + who + during + ": what is written there is about " + title() + ".";
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
