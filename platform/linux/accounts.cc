#include "platform/accounts.h"

#include <grp.h>
#include <pwd.h>

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
