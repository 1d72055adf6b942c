// What the proxy is told by hort.json and the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/endpoint.h"

namespace hort::proxy {

// Another HTTP proxy, by which everything goes out.
struct UpstreamProxy {
    std::string host;  // a name or an address
    std::uint16_t port = 0;
    std::string authorization;  // of Proxy-Authorization: "Basic ..."; empty: none
};

struct Settings {
    platform::Endpoint listen;
    std::vector<platform::Endpoint> transparent;  // where the firewall sends connections that name no proxy
    // To which CONNECT may lead for the supervised; for others to all but 25, by which worms send mail.
    std::vector<std::uint16_t> connect_ports = {80, 443};
    std::string trusted;  // a file of certificates that servers may have beside the system's; empty: none
    std::optional<UpstreamProxy> upstream;
    std::size_t max_clients = 10'000;     // at once
    std::vector<platform::Endpoint> own;  // this daemon's listeners, to which nobody is led
};

}  // namespace hort::proxy
