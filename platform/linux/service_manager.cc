#include "platform/service_manager.h"

#include <systemd/sd-daemon.h>

namespace hort::platform {

void tell_ready() { (void)sd_notify(0, "READY=1"); }
void tell_stopping() { (void)sd_notify(0, "STOPPING=1"); }
void tell_alive() { (void)sd_notify(0, "WATCHDOG=1"); }

std::optional<std::chrono::microseconds> expected_to_tell_alive() {
    std::uint64_t period = 0;
    if (sd_watchdog_enabled(0, &period) <= 0 || period == 0) return std::nullopt;
    return std::chrono::microseconds(period);
}

}  // namespace hort::platform
