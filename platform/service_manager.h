// What a service says to the service manager that started it, and what that expects of it (sd_notify(3)). Without one
// nothing happens.
#pragma once

#include <chrono>
#include <optional>

namespace hort::platform {

void tell_ready();
void tell_stopping();
void tell_alive();
// How often tell_alive() is expected at least; nothing: not at all.
std::optional<std::chrono::microseconds> expected_to_tell_alive();

}  // namespace hort::platform
