#include "rules/policy.h"

#include <algorithm>
#include <cctype>

namespace hort {

Subject Policy::subject(std::optional<std::uint32_t> account, const AddressBytes& address) const {
    if (account && !by_account.empty())
        if (const auto it = by_account.find(*account); it != by_account.end())
            return {&people[it->second], &people[it->second].profile};
    if (!by_device.empty())
        if (const auto it = by_device.find(address); it != by_device.end())
            return {&people[it->second], &people[it->second].profile};
    return {nullptr, &household};
}

const Person* Policy::find(std::string_view name) const {
    const auto same = [&](const Person& person) {
        return std::equal(person.name.begin(), person.name.end(), name.begin(), name.end(), [](char a, char b) {
            return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
        });
    };
    const auto it = std::find_if(people.begin(), people.end(), same);
    return it == people.end() ? nullptr : &*it;
}

}  // namespace hort
