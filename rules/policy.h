// Policy: an immutable snapshot of everything that a decision depends on.
//
// Built off the hot path and published by swapping one pointer; any number of threads read it. There are no
// setters on a published Policy.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/grant.h"
#include "rules/network.h"
#include "rules/profile.h"
#include "rules/protected_help.h"
#include "rules/ruleset.h"
#include "rules/schedule.h"

namespace hort {

// The name of the profile of those who belong to nobody known.
inline constexpr std::string_view household_name = "household";

struct Person {
    std::int64_t id = 0;
    std::string name;
    Profile profile;
    std::vector<Grant> grants;
    std::vector<BudgetState> budgets;  // of profile.budgets, each at its place; empty: nothing was counted yet
    BreakState break_state;
};

using HardwareAddress = std::array<std::uint8_t, 6>;  // "MAC", IEEE 802 EUI-48

// What is known of a client before it is known who it is.
struct Client {
    std::optional<std::uint32_t> account;  // that owns its socket, for a client on this machine
    AddressBytes address{};
    std::optional<HardwareAddress> hardware;  // of its network interface, for a neighbour
    std::string_view id = {};                 // that its encrypted DNS names, in lower case
};

// Who is asking right now. `person` is empty when only the household's default profile applies.
struct Subject {
    const Person* person = nullptr;
    const Profile* profile = nullptr;
    bool is_by_account = false;  // found by the account that owns the socket, not by an address

    // For people to read: the person's name, or the group's, or who the household's default is for.
    std::string display_name() const;
};

// People that a rule file speaks of together ("year7"), found by their account or their network.
struct Group {
    std::string name;
    Profile profile;
};

using AccountRange = std::pair<std::uint32_t, std::uint32_t>;  // account numbers, first and last

struct Policy {
    std::shared_ptr<const Ruleset> ruleset;
    TimeZone zone;                // in which the schedules' times are read
    std::string country;          // ISO 3166: whose helpline is named; empty: not known
    bool looks_into_tls = false;  // of the supervised, where nothing speaks against it (intercept_bypass.h)
    HostMap<bool> left_alone;     // sites that the owner does not want to be looked into
    std::vector<Schedule> schedules;
    std::vector<std::shared_ptr<const Service>> services;  // of rule files; the shipped ones come on top
    std::shared_ptr<const ProtectedHelp> help;
    CategorySet bypass;      // ways round the filter
    CategorySet allow_list;  // what allow-list-only profiles may visit beside their own rules
    Profile household;       // for clients that belong to nobody known
    std::vector<Person> people;
    std::map<std::uint32_t, std::size_t> by_account;               // uid -> index in people
    std::map<AddressBytes, std::size_t> by_device;                 // client address -> index in people
    std::vector<std::pair<Network, std::size_t>> by_network;       // -> index in people; the longest prefix first
    std::map<HardwareAddress, std::size_t> by_hardware;            // -> index in people
    std::map<std::string, std::size_t, std::less<>> by_client_id;  // -> index in people
    // Accounts that those of people and groups have in user namespaces (subuid(5)): first -> last and whose.
    std::map<std::uint32_t, std::pair<std::uint32_t, std::uint32_t>> subordinates;
    std::vector<Group> groups;
    std::map<std::uint32_t, std::size_t> group_by_account;          // uid -> index in groups
    std::vector<std::pair<Network, std::size_t>> group_by_network;  // the longest prefix first

    // The owner of the client's socket speaks first, then the id that it names, its network interface, its address (a
    // known person's device, a person's network, a group's network), then the household's default.
    Subject subject(const Client& client) const;
    Subject subject(std::optional<std::uint32_t> account, const AddressBytes& address) const {
        return subject({account, address, {}, {}});
    }
    // Whose an account is: its own, but for a subordinate one.
    std::uint32_t owner_of(std::uint32_t account) const;
    // The account's own number and its subordinate ones.
    std::vector<AccountRange> accounts_of(std::uint32_t account) const;
    // Whoever has a number already keeps it, and root is nobody's: subuid(5) may say anything.
    void add_subordinates(AccountRange range, std::uint32_t account);
    // By name, as typed (case matters not); nullptr when nobody is called that.
    const Person* find(std::string_view name) const;
    const Group* find_group(std::string_view name) const;
    // A person, or else a group; an empty Subject when nobody is called that.
    Subject subject_named(std::string_view name) const;
};

// Of the policy's own services, or of the shipped ones; nullptr when there is none.
const Service* find_service(const Policy& policy, std::string_view id);

}  // namespace hort
