// Which programs have to be asked about, who may start one, and what becomes of one that runs. Passive.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rules/decision.h"

namespace hort::enforce {

// The names (program_key) that some rule or budget of a supervised account here speaks of.
std::set<std::string> programs_of(const Policy& policy);

// Sub-accounts of user namespaces, and whose they are.
using Subordinates = std::vector<std::pair<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t>>;
std::uint32_t owner_of(const Subordinates& subordinates, std::uint32_t account);

// Is it an account whose programs are asked about?
bool is_supervised(const Policy& policy, const Subordinates& subordinates, std::uint32_t account);

bool may_start(const Policy& policy, const Subordinates& subordinates, std::uint32_t account,
               const std::vector<std::string>& programs, const Moment& now);

// What becomes of a program that runs.
enum class Ending : std::uint8_t {
    none,  // it goes on, or ends with its session
    hold,  // it is stopped, for time comes back
    end,   // it is asked to end
};
struct Fate {
    Ending ending = Ending::none;
    std::optional<Moment> until;  // when that can change through time alone
    std::string sentence;         // for the person
};
// REQUIRES: `account` is supervised.
Fate fate_of(const Policy& policy, std::uint32_t account, std::string_view program, const Moment& now);

}  // namespace hort::enforce
