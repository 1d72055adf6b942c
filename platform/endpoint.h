// Endpoint: an IP address and a port, as plain values.
#pragma once

#include <cstdint>
#include <string>

#include "rules/policy.h"

namespace hort::platform {

struct Endpoint {
    AddressBytes address{};  // IPv4 in its mapped form
    std::uint16_t port = 0;

    bool is_v4() const;
    bool is_loopback() const;     // 127.0.0.0/8 or ::1
    bool is_unspecified() const;  // 0.0.0.0 or ::
    std::string text() const;     // "127.0.0.1:53", "[::1]:53"
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

std::string address_text(const AddressBytes& address);
// "192.0.2.1" or "2001:db8::1".
Result<AddressBytes> parse_address(std::string_view text);
// "ADDRESS:PORT", "[V6ADDRESS]:PORT".
Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace hort::platform
