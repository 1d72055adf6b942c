#include "daemon/local_record.h"

#include "rules/hostname.h"

namespace hort {
namespace {

constexpr std::size_t max_text = 2000;  // octets of a TXT record

}  // namespace

std::string reverse_name(const AddressBytes& address) {
    std::string out;
    if (is_v4(address)) {
        for (int i = 15; i >= 12; --i) out += std::to_string(address[static_cast<std::size_t>(i)]) + ".";
        return out + "in-addr.arpa";
    }
    constexpr std::string_view digits = "0123456789abcdef";
    for (int i = 15; i >= 0; --i) {
        const auto octet = address[static_cast<std::size_t>(i)];
        for (const auto digit : {octet & 15, octet >> 4}) {
            out += digits[static_cast<std::size_t>(digit)];
            out += '.';
        }
    }
    return out + "ip6.arpa";
}

Result<LocalRecord> LocalRecord::parse(const std::string& name, const std::string& type, const std::string& value) {
    LocalRecord out;
    for (const char c : type) out.type += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    if (const auto network = parse_network(name); out.type == "PTR" && network && network->bits == 128)
        return parse(reverse_name(network->address), type, value);
    const bool is_wildcard = name.starts_with("*.");
    const auto host = Hostname::parse(is_wildcard ? name.substr(2) : name);
    if (!host) return host.error();
    out.name = (is_wildcard ? "*." : "") + std::string(host->text());
    if (out.type == "A" || out.type == "AAAA") {
        const auto network = parse_network(value);
        if (!network || network->bits != 128 || value.find('/') != std::string::npos ||
            is_v4(network->address) != (out.type == "A"))
            return Error{"not an address for " + out.type + ": " + value,
                         {},
                         out.type == "A" ? "expected one such as 192.168.1.20" : "expected one such as fd00::20"};
        out.value = value;
    } else if (is_wildcard && out.type == "PTR") {
        return Error{"a PTR record belongs to one address", name, {}};
    } else if (out.type == "CNAME" || out.type == "PTR") {
        const auto target = Hostname::parse(value);
        if (!target) return target.error();
        out.value = std::string(target->text());
    } else if (out.type == "TXT") {
        if (value.size() > max_text) return Error{"longer than 2,000 octets", {}, {}};
        out.value = value;
    } else {
        return Error{"not a type that can be set: " + type, {}, "expected A, AAAA, CNAME, PTR or TXT"};
    }
    return out;
}

}  // namespace hort
