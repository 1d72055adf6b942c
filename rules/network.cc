#include "rules/network.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace hort {
namespace {

std::optional<unsigned> number(std::string_view text, unsigned base, unsigned most, std::size_t digits) {
    if (text.empty() || text.size() > digits) return std::nullopt;
    unsigned out = 0;
    for (const char c : text) {
        const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                               : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10)
                               : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A' + 10)
                                                      : 99;
        if (digit >= base) return std::nullopt;
        out = out * base + digit;
    }
    return out > most ? std::nullopt : std::optional(out);
}

std::optional<std::array<std::uint8_t, 4>> parse_v4(std::string_view text) {
    std::array<std::uint8_t, 4> out{};
    for (std::size_t i = 0; i < 4; ++i) {
        const auto dot = text.find('.');
        if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
        const auto octet = number(text.substr(0, dot), 10, 255, 3);
        // A leading zero is octal for some and decimal for others (RFC 6943 section 3.1.1).
        if (!octet || (dot != 1 && text[0] == '0' && text.size() > 1)) return std::nullopt;
        out[i] = static_cast<std::uint8_t>(*octet);
        if (i < 3) text.remove_prefix(dot + 1);
    }
    return out;
}

std::optional<std::vector<std::uint8_t>> parse_groups(std::string_view text) {
    std::vector<std::uint8_t> out;
    if (text.empty()) return out;
    for (;;) {
        const auto colon = text.find(':');
        const auto group = text.substr(0, colon);
        if (colon == std::string_view::npos && group.find('.') != std::string_view::npos) {
            const auto v4 = parse_v4(group);
            if (!v4) return std::nullopt;
            out.insert(out.end(), v4->begin(), v4->end());
            return out;
        }
        const auto value = number(group, 16, 0xffff, 4);
        if (!value || out.size() > 16) return std::nullopt;
        out.push_back(static_cast<std::uint8_t>(*value >> 8));
        out.push_back(static_cast<std::uint8_t>(*value & 0xff));
        if (colon == std::string_view::npos) return out;
        text.remove_prefix(colon + 1);
    }
}

std::optional<AddressBytes> parse_v6(std::string_view text) {
    AddressBytes out{};
    const auto gap = text.find("::");
    const auto head = parse_groups(text.substr(0, gap));
    if (!head) return std::nullopt;
    if (gap == std::string_view::npos) {
        if (head->size() != 16) return std::nullopt;
        std::copy(head->begin(), head->end(), out.begin());
        return out;
    }
    const auto tail = parse_groups(text.substr(gap + 2));
    if (!tail || head->size() + tail->size() > 14) return std::nullopt;
    std::copy(head->begin(), head->end(), out.begin());
    std::copy(tail->begin(), tail->end(), out.end() - static_cast<std::ptrdiff_t>(tail->size()));
    return out;
}

}  // namespace

bool is_v4(const AddressBytes& address) {
    return std::all_of(address.begin(), address.begin() + 10, [](auto octet) { return octet == 0; }) &&
           address[10] == 0xff && address[11] == 0xff;
}

bool Network::contains(const AddressBytes& other) const {
    for (int bit = 0; bit < bits; bit += 8) {
        const auto i = static_cast<std::size_t>(bit / 8);
        const int in_octet = std::min(8, bits - bit);
        const auto mask = static_cast<std::uint8_t>(0xff << (8 - in_octet));
        if ((address[i] & mask) != (other[i] & mask)) return false;
    }
    return true;
}

Result<Network> parse_network(std::string_view text) {
    const auto wrong = [&](const char* what) {
        return Error{what, std::string(text.substr(0, 60)), "expected one such as 10.7.0.0/16 or fd00:7::/64"};
    };
    const auto slash = text.find('/');
    const auto address = text.substr(0, slash);
    Network out;
    const bool is_v6 = address.find(':') != std::string_view::npos;
    if (is_v6) {
        const auto parsed = parse_v6(address);
        if (!parsed) return wrong("not an address or a network");
        out.address = *parsed;
    } else {
        const auto parsed = parse_v4(address);
        if (!parsed) return wrong("not an address or a network");
        out.address[10] = out.address[11] = 0xff;
        std::copy(parsed->begin(), parsed->end(), out.address.begin() + 12);
    }
    out.bits = 128;
    if (slash != std::string_view::npos) {
        const auto bits = number(text.substr(slash + 1), 10, is_v6 ? 128 : 32, 3);
        if (!bits) return wrong("the prefix length is not right");
        out.bits = static_cast<int>(*bits) + (is_v6 ? 0 : 96);
    }
    for (int bit = out.bits; bit < 128; ++bit)
        if ((out.address[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1) != 0)
            return wrong("the address has bits behind its prefix");
    return out;
}

}  // namespace hort
