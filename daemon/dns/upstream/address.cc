#include "daemon/dns/upstream/address.h"

#include <openssl/evp.h>

#include <charconv>

#include "rules/hostname.h"

namespace hort::dns {
namespace {

using Protocol = UpstreamAddress::Protocol;

Error bad(std::string what, std::string_view text) {
    return Error{std::move(what), std::string(text.substr(0, 200)),
                 "expected one such as 192.0.2.53, tls://dns.example.org#192.0.2.53 or "
                 "https://dns.example.org/dns-query#192.0.2.53"};
}

// "192.0.2.53", "192.0.2.53:53", "2001:db8::53", "[2001:db8::53]:53"
Result<platform::Endpoint> parse_place(std::string_view text, std::uint16_t port) {
    if (const auto address = platform::parse_address(text)) return platform::Endpoint{*address, port};
    if (text.starts_with('[') && text.ends_with(']'))
        if (const auto address = platform::parse_address(text.substr(1, text.size() - 2)))
            return platform::Endpoint{*address, port};
    const auto out = platform::parse_endpoint(text);
    if (!out || out->port == 0) return bad("not an upstream resolver", text);
    return out;
}

Result<std::string> decode_pin(std::string_view text) {
    const Error wrong{"not a pin", std::string(text.substr(0, 100)),
                      "expected the base64 of the SHA-256 of the public key: 44 characters"};
    if (text.starts_with("sha256/")) text.remove_prefix(7);
    if (text.size() != 44 || !text.ends_with('=')) return wrong;
    unsigned char out[33];
    if (EVP_DecodeBlock(out, reinterpret_cast<const unsigned char*>(text.data()), 44) != 33) return wrong;
    return std::string(reinterpret_cast<const char*>(out), 32);
}

}  // namespace

std::string UpstreamAddress::text() const {
    const auto place = endpoints.empty() ? std::string() : endpoints.front().text();
    switch (protocol) {
        case Protocol::udp:
            return place;
        case Protocol::tcp:
            return "tcp://" + place;
        case Protocol::tls:
            return "tls://" + name + "#" + place;
        case Protocol::https:
            return "https://" + name + path + "#" + place;
    }
    return {};
}

Result<UpstreamAddress> parse_upstream(std::string_view text, const std::vector<std::string>& addresses,
                                       std::string_view pin) {
    UpstreamAddress out;
    auto rest = text;
    const auto scheme_end = rest.find("://");
    const auto scheme = scheme_end == std::string_view::npos ? std::string_view("udp") : rest.substr(0, scheme_end);
    if (scheme_end != std::string_view::npos) rest.remove_prefix(scheme_end + 3);
    std::uint16_t port = 53;
    if (scheme == "tcp")
        out.protocol = Protocol::tcp;
    else if (scheme == "tls")
        out.protocol = Protocol::tls, port = 853;
    else if (scheme == "https")
        out.protocol = Protocol::https, port = 443;
    else if (scheme != "udp")
        return bad("no such way to ask an upstream: " + std::string(scheme.substr(0, 20)), text);
    const bool is_encrypted = out.protocol == Protocol::tls || out.protocol == Protocol::https;
    if (!is_encrypted) {
        if (!pin.empty() || !addresses.empty()) return bad("pin and addresses are for tls and https", text);
        const auto place = parse_place(rest, port);
        if (!place) return place.error();
        out.endpoints.push_back(*place);
        return out;
    }

    std::vector<std::string> places = addresses;
    if (const auto hash = rest.find('#'); hash != std::string_view::npos) {
        auto list = rest.substr(hash + 1);
        rest = rest.substr(0, hash);
        while (!list.empty()) {
            const auto comma = std::min(list.find(','), list.size());
            places.emplace_back(list.substr(0, comma));
            list.remove_prefix(std::min(list.size(), comma + 1));
        }
    }
    if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
        out.path = std::string(rest.substr(slash));
        rest = rest.substr(0, slash);
    }
    if (out.protocol == Protocol::tls && !out.path.empty() && out.path != "/") return bad("tls has no path", text);
    if (out.protocol == Protocol::tls) out.path.clear();
    if (out.protocol == Protocol::https && out.path.empty()) out.path = "/dns-query";
    for (const unsigned char c : out.path)
        if (c <= ' ' || c >= 0x7f) return bad("not a path", text);
    // The port, behind a name or a bracketed address.
    if (const auto colon = rest.rfind(':'); colon != std::string_view::npos && rest.find(':') == colon) {
        const auto digits = rest.substr(colon + 1);
        const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
        if (fault != std::errc() || end != digits.data() + digits.size() || port == 0) return bad("not a port", text);
        rest = rest.substr(0, colon);
    }
    if (const auto own = parse_place(rest, port)) {
        out.name = platform::address_text(own->address);
        if (places.empty()) out.endpoints.push_back(*own);
        port = own->port;
    } else {
        const auto host = Hostname::parse(rest);
        if (!host) return bad("not the name of a server: " + host.error().what, text);
        out.name = std::string(host->text());
    }
    for (const auto& place : places) {
        const auto endpoint = parse_place(place, port);
        if (!endpoint) return endpoint.error();
        out.endpoints.push_back(*endpoint);
    }
    if (out.endpoints.empty())
        return Error{"the address of " + out.name + " is missing", std::string(text.substr(0, 200)),
                     "add where it is: " + std::string(text.substr(0, 100)) + "#192.0.2.53"};
    if (!pin.empty()) {
        const auto decoded = decode_pin(pin);
        if (!decoded) return decoded.error();
        out.pin = *decoded;
    }
    return out;
}

}  // namespace hort::dns
