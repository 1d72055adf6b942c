// Plans as they go from the worker to the monitor. Passive.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "daemon/enforce/firewall_plan.h"
#include "daemon/enforce/program_plan.h"

namespace hort::enforce {

nlohmann::json message_of(const FirewallPlan& plan);
nlohmann::json message_of(const ProgramPlan& plan);

// Whoever sends it may have been taken over: what is no plan, or would hold root, is an error, and nothing of it comes
// to stand in a command but numbers and addresses that were read and written anew. Both throw what nlohmann::json
// throws where something is of another kind. The gateway is the machine's owner's to say, and not in it.
Result<FirewallPlan> firewall_plan_of(const nlohmann::json& message);
Result<ProgramPlan> program_plan_of(const nlohmann::json& message);

}  // namespace hort::enforce
