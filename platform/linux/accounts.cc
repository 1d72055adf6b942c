#include "platform/accounts.h"

#include <grp.h>
#include <pwd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

namespace hort::platform {

std::optional<std::uint32_t> account_id(const std::string& name) {
    passwd entry{}, *found = nullptr;
    std::vector<char> buffer(16384);
    if (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
        return std::nullopt;
    return entry.pw_uid;
}

std::optional<std::string> account_name(std::uint32_t id) {
    passwd entry{}, *found = nullptr;
    std::vector<char> buffer(16384);
    if (getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
    return std::string(entry.pw_name);
}

std::optional<std::string> home_of(std::uint32_t id) {
    passwd entry{}, *found = nullptr;
    std::vector<char> buffer(16384);
    if (getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
    return std::string(entry.pw_dir);
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> subordinate_ids(std::uint32_t account) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> out;
    const auto name = account_name(account);
    std::ifstream file("/etc/subuid");
    for (std::string line; std::getline(file, line);) {
        std::istringstream parts(line);
        std::string owner, first, count;
        if (!std::getline(parts, owner, ':') || !std::getline(parts, first, ':') || !std::getline(parts, count))
            continue;
        if (owner != std::to_string(account) && (!name || owner != *name)) continue;
        const auto begin = std::strtoull(first.c_str(), nullptr, 10), size = std::strtoull(count.c_str(), nullptr, 10);
        if (begin == 0 || size == 0 || begin + size - 1 > 0xfffffffe) continue;
        out.emplace_back(static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin + size - 1));
    }
    return out;
}

bool is_in_group(std::uint32_t account, const std::string& group) {
    passwd user{}, *found_user = nullptr;
    std::vector<char> buffer(16384), group_buffer(65536);
    if (getpwuid_r(account, &user, buffer.data(), buffer.size(), &found_user) != 0 || found_user == nullptr)
        return false;
    ::group entry{}, *found = nullptr;
    if (getgrnam_r(group.c_str(), &entry, group_buffer.data(), group_buffer.size(), &found) != 0 || found == nullptr)
        return false;
    if (user.pw_gid == entry.gr_gid) return true;
    for (char** member = entry.gr_mem; *member != nullptr; ++member)
        if (std::string_view(*member) == user.pw_name) return true;
    return false;
}

}  // namespace hort::platform
