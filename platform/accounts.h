// OS accounts by name and number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hort::platform {

std::optional<std::uint32_t> account_id(const std::string& name);
std::optional<std::string> account_name(std::uint32_t id);
std::optional<std::string> home_of(std::uint32_t id);
// The numbers that the account may use in user namespaces beside its own (subuid(5)); first and last.
std::vector<std::pair<std::uint32_t, std::uint32_t>> subordinate_ids(std::uint32_t account);
// Does the account belong to the group, as its primary or a further one?
bool is_in_group(std::uint32_t account, const std::string& group);

}  // namespace hort::platform
