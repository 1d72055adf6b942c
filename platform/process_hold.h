// ProcessHold: stops processes and lets them go on (the freezer of cgroup v2, cgroups(7)). What is stopped loses
// nothing, and nobody but root can let it go.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rules/result.h"

namespace hort::platform {

class ProcessHold {
  public:
    // What names of sessions begin with; programs have others.
    static constexpr const char* of_sessions = "session-";

    virtual ~ProcessHold() = default;
    // `instance` tells daemons on one machine apart (letters, digits, '-'). An error where the machine has no such
    // thing, or the right to use it is missing.
    static Result<std::unique_ptr<ProcessHold>> make(const std::string& instance);

    // Stops these processes, too, under this name (letters, digits, '-'). Which of them were held, no longer there or
    // not to be moved shows held(). Calling it again for children that were born meanwhile is right.
    virtual void hold(const std::string& name, const std::vector<std::int32_t>& processes) = 0;
    // Lets all of this name go on, each in the group that it came from, which is made again where it was taken away.
    virtual void release(const std::string& name) = 0;
    // What is held by now, also by a daemon before this one.
    virtual std::vector<std::string> names() const = 0;
    virtual std::vector<std::int32_t> held(const std::string& name) const = 0;
};

// Stops all that `find` finds, until it finds nobody any more who is not held: whoever forks while it is moved leaves
// children behind. False when some are left.
bool hold_all(ProcessHold& hold, const std::string& name, const std::function<std::vector<std::int32_t>()>& find);

}  // namespace hort::platform
