// Enforcement by the monitor: what the worker asks, and what the monitor answers.
#pragma once

#include <memory>

#include "daemon/enforce/enforcement.h"
#include "platform/monitor.h"

namespace hort::enforce {

std::unique_ptr<Enforcement> ask_for_enforcement(platform::Monitor& monitor);

// `gateway`: of whose devices the owner of the machine says that it is the way to the internet.
void answer_for_enforcement(platform::MonitorDesk& desk, Enforcement& own, std::vector<std::string> gateway);

}  // namespace hort::enforce
