#include "platform/endpoint.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace hort::platform {
namespace {
constexpr std::uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
}  // namespace

bool Endpoint::is_v4() const { return hort::is_v4(address); }

bool Endpoint::is_loopback() const {
    if (is_v4()) return address[12] == 127;
    AddressBytes one{};
    one[15] = 1;
    return address == one;
}

bool Endpoint::is_unspecified() const {
    for (std::size_t i = is_v4() ? 12 : 0; i < address.size(); ++i)
        if (address[i] != 0) return false;
    return true;
}

std::string address_text(const AddressBytes& address) {
    char out[INET6_ADDRSTRLEN] = "";
    if (hort::is_v4(address))
        inet_ntop(AF_INET, address.data() + 12, out, sizeof out);
    else
        inet_ntop(AF_INET6, address.data(), out, sizeof out);
    return out;
}

std::string Endpoint::text() const {
    const auto host = address_text(address);
    return (is_v4() ? host : "[" + host + "]") + ":" + std::to_string(port);
}

Result<AddressBytes> parse_address(std::string_view text) {
    const std::string copy(text.substr(0, 64));
    AddressBytes out{};
    if (inet_pton(AF_INET, copy.c_str(), out.data() + 12) == 1) {
        std::memcpy(out.data(), v4_prefix, 12);
        return out;
    }
    if (inet_pton(AF_INET6, copy.c_str(), out.data()) == 1) return out;
    return Error{"not an IP address", copy, "for example 192.168.1.20 or fd00::20"};
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    const Error bad{"not an address with a port", std::string(text.substr(0, 64)),
                    "for example 127.0.0.1:5300 or [::1]:5300"};
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return bad;
    auto host = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string_view::npos)
        return bad;
    const auto address = parse_address(host);
    unsigned port = 0;
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (!address || fault != std::errc() || end != digits.data() + digits.size() || port > 65535) return bad;
    return Endpoint{*address, static_cast<std::uint16_t>(port)};
}

}  // namespace hort::platform
