// Where an upstream resolver is and how it is spoken to, as an owner writes it.
//
//   192.0.2.53  192.0.2.53:53  [2001:db8::53]:53     plain: UDP, and TCP where an answer is truncated
//   tcp://192.0.2.53:53                              TCP only, one connection for many questions (RFC 7766)
//   tls://NAME[:853][#ADDRESS,...]                   DNS over TLS (RFC 7858)
//   https://NAME[:443]/PATH[#ADDRESS,...]            DNS over HTTPS (RFC 8484), by HTTP/2
// NAME is what the certificate has to say. The addresses are where it is, so that nobody has to be asked for them
// first; they may be left out where NAME is an address.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/endpoint.h"

namespace hort::dns {

struct UpstreamAddress {
    enum class Protocol : std::uint8_t { udp, tcp, tls, https } protocol = Protocol::udp;
    std::string name;  // of tls and https
    std::string path;  // of https
    std::vector<platform::Endpoint> endpoints;
    // SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7858 section 4.2), 32 octets; empty: any that is valid.
    std::string pin;

    std::string text() const;
    friend bool operator==(const UpstreamAddress&, const UpstreamAddress&) = default;
};

// `addresses` and `pin` (base64, with or without "sha256/") come beside a URL; empty where there are none.
Result<UpstreamAddress> parse_upstream(std::string_view text, const std::vector<std::string>& addresses = {},
                                       std::string_view pin = {});

}  // namespace hort::dns
