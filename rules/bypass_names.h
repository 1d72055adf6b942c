// Names by which browsers and systems ask a network whether they may encrypt their DNS, or send traffic round it.
#pragma once

#include <string_view>

#include "rules/hostname.h"

namespace hort {

// Firefox's canary domain (support.mozilla.org, "Canary domain - use-application-dns.net"), and the names of iCloud
// Private Relay (developer.apple.com, "Prepare your network or web server for iCloud Private Relay"). A network says no
// by NXDOMAIN; an address, even 0.0.0.0, says yes.
inline constexpr std::string_view canary_names[] = {"use-application-dns.net", "mask.icloud.com", "mask-h2.icloud.com"};

inline bool is_canary(const Hostname& host) {
    for (const auto name : canary_names)
        if (host.text() == name) return true;
    return false;
}

}  // namespace hort
