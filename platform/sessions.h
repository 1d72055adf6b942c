// Sessions: who is at this machine, and whether a session is in use. Told by the session manager (systemd-logind or
// elogind); nothing is asked again and again.
// https://www.freedesktop.org/software/systemd/man/org.freedesktop.login1.html
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/result.h"

namespace hort::platform {

struct Session {
    std::string id;
    std::uint32_t account = 0;
    bool is_active = false;  // in front on its seat, or remote
    bool is_locked = false;
    std::optional<std::int64_t> idle_since;  // awake seconds (Moment); set while the session says that it is idle
};

class Sessions {
  public:
    virtual ~Sessions() = default;
    // An error where there is no session manager. `changed` is called from process().
    static Result<std::unique_ptr<Sessions>> connect(std::function<void()> changed);

    // Readable when process() has something to do.
    virtual int descriptor() const = 0;
    // False when the connection is lost.
    virtual bool process() = 0;
    virtual Result<std::vector<Session>> all() = 0;
    // The machine is about to be suspended.
    virtual bool is_going_to_sleep() const = 0;
};

// Root may do that to everybody's sessions.
Status lock_session(const std::string& id);
Status terminate_session(const std::string& id);

}  // namespace hort::platform
