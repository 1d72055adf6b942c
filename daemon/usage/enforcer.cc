#include "daemon/usage/enforcer.h"

#include <array>
#include <utility>

namespace hort::usage {

namespace {
constexpr std::array<int, 3> warnings = {15, 5, 1};  // minutes before the end
constexpr std::int64_t one_day = 86400;
}  // namespace

std::optional<Moment> end_of_session(const Policy& policy, const Subject& who, const Moment& now) {
    if (decide(policy, who, Target::session(), now).is_blocked()) return now;
    const auto end = verdict_until(policy, who, Target::session(), now);
    return end && end->wall_seconds - now.wall_seconds <= one_day ? end : std::nullopt;
}

Enforcer::Look Enforcer::look(const Policy& policy, const std::set<std::int64_t>& in_use, const Moment& now) {
    Look out;
    const auto again = [&](std::int64_t moment) {
        if (moment > now.awake_seconds && (!out.again_at || moment < *out.again_at)) out.again_at = moment;
    };
    std::erase_if(states_, [&](const auto& entry) {
        for (const auto& person : policy.people)
            if (person.id == entry.first) return false;
        return true;
    });
    for (const auto& person : policy.people) {
        if (!person.profile.is_supervised) continue;
        const Subject who{&person, &person.profile};
        auto& state = states_[person.id];
        const auto decision = decide(policy, who, Target::session(), now);
        const bool is_in_use = in_use.contains(person.id);
        const bool has_come = is_in_use && !std::exchange(state.was_in_use, is_in_use);
        if (decision.is_blocked()) {
            // Once: what is still in use then was left to go on by the guardian's choice.
            if (is_in_use && (!state.is_ended || has_come)) {
                state = {};
                state.is_known = state.is_ended = state.was_in_use = true;
                out.todo.push_back({Todo::Kind::end, person.id, explain_session(decision, policy, who)});
            }
            state.is_known = true;
            if (state.is_ended && decision.until) again(decision.until->awake_seconds);
            continue;
        }
        if (state.is_ended || !state.is_known) {
            // After a restart nobody knows what was frozen before.
            const auto text = state.is_ended ? explain_session(decision, policy, who) : std::string();
            state = {};
            state.is_known = true;
            state.was_in_use = is_in_use;
            out.todo.push_back({Todo::Kind::go_on, person.id, text});
        }
        if (!is_in_use) continue;
        const auto end = end_of_session(policy, who, now);
        if (!end) continue;
        // More time was given: it is warned again.
        if (end->awake_seconds - state.end > 60) state.warned_minutes = 1000;
        state.end = end->awake_seconds;
        const auto left = end->awake_seconds - now.awake_seconds;
        again(end->awake_seconds);
        int due = 1000;
        for (const int minutes : warnings) {
            if (left <= minutes * 60) due = minutes;
            again(end->awake_seconds - minutes * 60);
        }
        if (due < state.warned_minutes) {
            state.warned_minutes = due;
            const auto minutes = (left + 59) / 60;
            out.todo.push_back({Todo::Kind::warn, person.id,
                                "Time ends in " + std::to_string(minutes) + (minutes == 1 ? " minute." : " minutes.") +
                                    " 'hortctl ask time 30m' asks for more."});
        }
    }
    return out;
}

}  // namespace hort::usage
