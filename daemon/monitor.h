// hortd in two parts: the monitor, which stays root and holds, and the worker, which decides and reads what strangers
// send (see platform/monitor.h).
#pragma once

#include <string>
#include <vector>

#include "rules/result.h"

namespace hort {

struct Configuration;

// The last argument of a worker.
inline constexpr const char* worker_option = "--worker";

// Whether this process is to be the monitor of a worker: it is to enforce, is root, and there is an account for one.
bool is_monitor(const Configuration& configuration);

// Runs the monitor until a signal ends it; `arguments`: of the command line, for the worker. The worker is started anew
// when it dies; what it held stays held meanwhile. The exit status: see run.h.
int run_monitor(const Configuration& configuration, const std::vector<std::string>& arguments);

// An error where root would read what a worker wrote without having one: it may have taken away what says that there is
// to be one.
Status may_run_alone(const Configuration& configuration);

// Confines this process, and runs the daemon in it.
int run_worker(const Configuration& configuration);

}  // namespace hort
