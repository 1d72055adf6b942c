// Idle: what a process does to sleep without waking for nothing.
#pragma once

namespace hort::platform {

// Disarms the process's only timer descriptor of the monotonic clock. Does nothing when there is none, or more than
// one.
void disarm_only_timer();

}  // namespace hort::platform
