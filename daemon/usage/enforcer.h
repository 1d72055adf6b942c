// Enforcer: asks decide() for every person whose session is in use, and says what is to be done: warn at 15, 5 and 1
// minutes before the end, end the session, let it go on.
//
// Passive: time is given, and what it says is done by the Timekeeper.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "rules/decision.h"

namespace hort::usage {

// When the session of a person ends as things stand, if nobody does anything but use it; nullopt: not within a day.
std::optional<Moment> end_of_session(const Policy& policy, const Subject& who, const Moment& now);

class Enforcer {
  public:
    struct Todo {
        enum class Kind : std::uint8_t { warn, end, go_on } kind = Kind::warn;
        std::int64_t person = 0;
        std::string text;  // for the person; empty: nothing is said
    };
    struct Look {
        std::vector<Todo> todo;
        std::optional<std::int64_t> again_at;  // awake seconds
    };

    // `in_use`: the people with a session in use. Where one begins after the end, it is ended, too.
    Look look(const Policy& policy, const std::set<std::int64_t>& in_use, const Moment& now);

  private:
    struct State {
        std::int64_t end = 0;       // awake seconds, that warnings were given for
        int warned_minutes = 1000;  // the last one
        bool is_known = false, is_ended = false, was_in_use = false;
    };
    std::map<std::int64_t, State> states_;
};

}  // namespace hort::usage
