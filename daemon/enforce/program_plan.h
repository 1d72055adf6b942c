// Which programs have to be asked about, and who may start one. Passive.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rules/decision.h"

namespace hort::enforce {

// The file names (program_key) that some rule or budget of a supervised account here speaks of.
std::set<std::string> programs_of(const Policy& policy);

// Sub-accounts of user namespaces, and whose they are.
using Subordinates = std::vector<std::pair<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t>>;

bool may_start(const Policy& policy, const Subordinates& subordinates, std::uint32_t account,
               const std::vector<std::string>& programs, const Moment& now);

// Programs that stand for many, by what they are told: a link that leads to one of them is not the program.
bool is_many_programs(std::string_view file_name);

}  // namespace hort::enforce
