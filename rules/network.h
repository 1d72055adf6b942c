// Addresses and networks as people write them: 192.168.7.20, 10.7.0.0/16, fd00:7::/64 (RFC 4291 section 2.2, RFC 4632).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "rules/result.h"

namespace hort {

// An IPv6 address, or an IPv4 address in its mapped form (::ffff:a.b.c.d, RFC 4291 section 2.5.5.2).
using AddressBytes = std::array<std::uint8_t, 16>;

bool is_v4(const AddressBytes& address);

struct Network {
    AddressBytes address{};
    int bits = 0;  // 0 to 128; of IPv4 96 more than written

    bool contains(const AddressBytes& other) const;
};

// An address without '/' is the network of that one address. Refused: bits behind the prefix that are not zero.
Result<Network> parse_network(std::string_view text);

}  // namespace hort
