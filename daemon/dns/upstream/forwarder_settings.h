// Which upstream resolvers are asked for what.
#pragma once

#include <utility>
#include <vector>

#include "daemon/dns/upstream/address.h"
#include "rules/hostname.h"

namespace hort::dns {

enum class UpstreamMode : std::uint8_t {
    ordered,   // the first one that works
    fastest,   // the one that answers fastest, measured
    parallel,  // all at once
};

struct UpstreamSettings {
    std::vector<UpstreamAddress> upstreams;
    UpstreamMode mode = UpstreamMode::ordered;
    // Zones with upstreams of their own ("lan", "168.192.in-addr.arpa").
    std::vector<std::pair<Hostname, std::vector<UpstreamAddress>>> zones;
};

}  // namespace hort::dns
