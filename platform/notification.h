// A message on a person's desktop. https://specifications.freedesktop.org/notification-spec/latest/
#pragma once

#include <cstdint>
#include <string>

#include "rules/result.h"

namespace hort::platform {

// Starts a process of its own that becomes the account and gives the message to its session bus; returns at once.
// `program` is this executable, which calls deliver_notification() when it is started with the words that this one
// gives it. Where the account has no desktop nothing happens.
void notify(const std::string& program, std::uint32_t account, const std::string& title, const std::string& text);

// What that process does. `arguments` are those of notify().
Status deliver_notification(std::uint32_t account, const std::string& title, const std::string& text);
inline constexpr const char* notify_option = "--deliver-notification";

}  // namespace hort::platform
