// OS accounts by name and number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace hort::platform {

std::optional<std::uint32_t> account_id(const std::string& name);
std::optional<std::string> account_name(std::uint32_t id);
// Does the account belong to the group, as its primary or a further one?
bool is_in_group(std::uint32_t account, const std::string& group);

}  // namespace hort::platform
