// What the firewall is to do with the traffic of the supervised accounts of this machine, and as commands of nft(8).
// Passive.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/decision.h"

namespace hort::enforce {

struct FirewallPlan {
    using Range = std::pair<std::uint32_t, std::uint32_t>;  // of account numbers, first and last
    struct Child {
        std::vector<Range> accounts;  // its own, and the subordinate ones that it has in user namespaces
        std::uint16_t dns_port = 0;   // where its questions are led; each has one of its own
        bool is_closed = false;       // nothing passes but what DNS and the proxy let through
        bool is_quic_rejected = true;
        bool is_vpn_rejected = true;
        friend bool operator==(const Child&, const Child&) = default;
    };
    std::vector<Child> children;
    std::uint16_t web_port = 0;         // the transparent proxy
    std::optional<std::int64_t> until;  // awake second at which it can change through time alone
    bool is_same(const FirewallPlan& other) const { return children == other.children && web_port == other.web_port; }
};

// `dns_port`: where the questions of an account are taken; 0: nowhere. `subordinate`: see platform/accounts.h.
FirewallPlan plan_of(const Policy& policy, const Moment& now, std::uint16_t web_port,
                     const std::function<std::uint16_t(std::uint32_t)>& dns_port,
                     const std::function<std::vector<FirewallPlan::Range>(std::uint32_t)>& subordinate);

// One transaction: the table as it is to be, instead of what it was.
std::string commands_of(const FirewallPlan& plan);
// ... and without it.
std::string commands_without();

}  // namespace hort::enforce
