#include "rules/policy.h"

#include <algorithm>

#include "rules/ascii.h"

namespace hort {

std::string Subject::display_name() const {
    if (person != nullptr) return person->name;
    if (profile != nullptr && profile->name != household_name) return profile->name;
    return "devices that belong to nobody known";
}

Subject Policy::subject(const Client& client) const {
    const auto& address = client.address;
    const auto is = [&](std::size_t index) { return Subject{&people[index], &people[index].profile}; };
    if (client.account) {
        const auto account = owner_of(*client.account);
        if (const auto it = by_account.find(account); it != by_account.end())
            return {&people[it->second], &people[it->second].profile, true};
        if (const auto it = group_by_account.find(account); it != group_by_account.end())
            return {nullptr, &groups[it->second].profile, true};
    }
    if (!client.id.empty())
        if (const auto it = by_client_id.find(client.id); it != by_client_id.end()) return is(it->second);
    if (client.hardware)
        if (const auto it = by_hardware.find(*client.hardware); it != by_hardware.end()) return is(it->second);
    if (!by_device.empty())
        if (const auto it = by_device.find(address); it != by_device.end()) return is(it->second);
    for (const auto& [network, person] : by_network)
        if (network.contains(address)) return is(person);
    for (const auto& [network, group] : group_by_network)
        if (network.contains(address)) return {nullptr, &groups[group].profile};
    return {nullptr, &household};
}

std::uint32_t Policy::owner_of(std::uint32_t account) const {
    const auto next = subordinates.upper_bound(account);
    if (next == subordinates.begin()) return account;
    const auto& [last, owner] = std::prev(next)->second;
    return account <= last ? owner : account;
}

std::vector<AccountRange> Policy::accounts_of(std::uint32_t account) const {
    std::vector<AccountRange> out{{account, account}};
    for (const auto& [first, rest] : subordinates)
        if (rest.second == account) out.emplace_back(first, rest.first);
    return out;
}

void Policy::add_subordinates(AccountRange range, std::uint32_t account) {
    auto first = std::max(range.first, 1u);
    const auto last = range.second;
    auto next = subordinates.upper_bound(first);
    if (next != subordinates.begin()) {
        const auto taken = std::prev(next)->second.first;
        if (taken >= last) return;
        if (taken >= first) first = taken + 1;
    }
    // What is free between the ranges that are there.
    while (first <= last) {
        const auto end = next == subordinates.end() ? last : std::min(last, next->first - 1);
        if (first <= end) subordinates.emplace_hint(next, first, std::pair(end, account));
        if (next == subordinates.end() || next->second.first >= last) return;
        first = next->second.first + 1;
        ++next;
    }
}

const Person* Policy::find(std::string_view name) const {
    const auto it = std::find_if(people.begin(), people.end(),
                                 [&](const Person& p) { return is_same_ignoring_case(p.name, name); });
    return it == people.end() ? nullptr : &*it;
}

const Group* Policy::find_group(std::string_view name) const {
    const auto it =
        std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return is_same_ignoring_case(g.name, name); });
    return it == groups.end() ? nullptr : &*it;
}

Subject Policy::subject_named(std::string_view name) const {
    if (const auto* person = find(name)) return {person, &person->profile};
    if (const auto* group = find_group(name)) return {nullptr, &group->profile};
    return {};
}

const Service* find_service(const Policy& policy, std::string_view id) {
    for (const auto& service : policy.services)
        if (service->id == id) return service.get();
    return Services::shipped().find(id);
}

}  // namespace hort
