// Policy: an immutable snapshot of everything that a decision depends on.
//
// Built off the hot path and published by swapping one pointer; any number of threads read it. There are no
// setters on a published Policy.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/profile.h"
#include "rules/protected_help.h"
#include "rules/ruleset.h"

namespace hort {

// An IPv6 address, or an IPv4 address in its mapped form (::ffff:a.b.c.d, RFC 4291 section 2.5.5.2).
using AddressBytes = std::array<std::uint8_t, 16>;

struct Person {
    std::int64_t id = 0;
    std::string name;
    Profile profile;
};

// Who is asking right now. `person` is empty when only the household's default profile applies.
struct Subject {
    const Person* person = nullptr;
    const Profile* profile = nullptr;
};

struct Policy {
    std::shared_ptr<const Ruleset> ruleset;
    std::shared_ptr<const ProtectedHelp> help;
    CategorySet bypass;
    Profile household;  // for clients that belong to nobody known
    std::vector<Person> people;
    std::map<std::uint32_t, std::size_t> by_account;  // uid -> index in people
    std::map<AddressBytes, std::size_t> by_device;    // client address -> index in people

    // The owner of the client's socket speaks first, then its address, then the household's default.
    Subject subject(std::optional<std::uint32_t> account, const AddressBytes& address) const;
    // By name, as typed (case matters not); nullptr when nobody is called that.
    const Person* find(std::string_view name) const;
};

}  // namespace hort
