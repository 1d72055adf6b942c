#include "daemon/usage/enforcer.h"

#include <array>

namespace hort::usage {

namespace {
constexpr std::array<int, 3> warnings = {15, 5, 1};  // minutes before the end
constexpr int max_steps = 32;
constexpr std::int64_t one_day = 86400;
}  // namespace

std::optional<Moment> end_of_session(const Policy& policy, const Subject& who, const Moment& now) {
    auto at = now;
    for (int i = 0; i < max_steps; ++i) {
        const auto decision = decide(policy, who, Target::session(), at);
        if (decision.is_blocked()) return at;
        if (!decision.until || decision.until->wall_seconds - now.wall_seconds > one_day) return std::nullopt;
        at = *decision.until;
    }
    return std::nullopt;
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
        if (decision.is_blocked()) {
            if (in_use.contains(person.id)) {
                state = {};
                state.is_ended = true;
                out.todo.push_back({Todo::Kind::end, person.id, explain_session(decision, policy, who)});
            }
            if (state.is_ended && decision.until) again(decision.until->awake_seconds);
            continue;
        }
        if (state.is_ended) {
            state = {};
            out.todo.push_back({Todo::Kind::go_on, person.id, explain_session(decision, policy, who)});
        }
        if (!in_use.contains(person.id)) continue;
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
