// One JSON-RPC line in, one out. Passive: no sockets; see server.h.
#pragma once

#include <optional>
#include <string>

#include "daemon/control/handlers.h"

namespace hort::control {

// The answer without its line end; empty for a notification. Never throws on bad input: every fault has its
// JSON-RPC error.
std::optional<std::string> dispatch(Household& household, const Caller& caller, std::string_view line);

}  // namespace hort::control
