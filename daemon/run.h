// Runs the daemon until a signal ends it.
#pragma once

namespace hort {

struct Configuration;
// The exit status: 0 after SIGTERM or SIGINT, 1 when it could not start (said in one log line).
int run_daemon(const Configuration& configuration);

}  // namespace hort
