// One JSON-RPC line in, one out. Passive: no sockets; see server.h.
#pragma once

#include <optional>
#include <string>

#include "daemon/control/handlers.h"

namespace hort::control {

// Called once: the answer without its line end; empty for a notification. At once, or later for a command that takes
// long; on the io_context's thread.
using LineAnswer = std::function<void(std::optional<std::string>)>;

// Never throws on bad input: every fault has its JSON-RPC error.
void dispatch(Household& household, const Caller& caller, std::string_view line, LineAnswer answer);

}  // namespace hort::control
