// A Process as it goes between the worker and the monitor.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "platform/processes.h"
#include "rules/result.h"

namespace hort::platform {

nlohmann::json message_of(const Process& process);
// Throws what nlohmann::json throws where it is none.
Process process_of(const nlohmann::json& message);

// A socket on which the kernel tells what Processes::watch() tells of; the caller's own.
Result<int> watched_processes(Processes::Tell tell);

}  // namespace hort::platform
