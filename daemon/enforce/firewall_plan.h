// What the firewall is to do with the traffic of the supervised: of accounts of this machine, and of devices for which
// it is the gateway. And the same as commands of nft(8). Passive.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/decision.h"

namespace hort::enforce {

// Where this machine is the way to the internet for others.
struct Gateway {
    std::vector<std::string> interfaces;  // to the devices of the house; none: it is nobody's gateway
    std::uint16_t dns_port = 0;           // where the devices' questions are taken, at every address of this machine
    friend bool operator==(const Gateway&, const Gateway&) = default;
};

// Where what an account wants of the net is taken. Each has ports of its own, so that they say whose it is.
struct AccountPorts {
    std::uint16_t dns = 0, web = 0;
    friend bool operator==(const AccountPorts&, const AccountPorts&) = default;
};

struct FirewallPlan {
    // What is refused of somebody who is supervised.
    struct Hold {
        bool is_closed = false;  // nothing passes but what DNS and the proxy let through
        bool is_quic_rejected = true;
        bool is_vpn_rejected = true;
        friend bool operator==(const Hold&, const Hold&) = default;
    };
    struct Child : Hold {
        std::vector<AccountRange> accounts;  // see Policy::accounts_of()
        AccountPorts ports;                  // where its questions and its connections to the web are led
        friend bool operator==(const Child&, const Child&) = default;
    };
    std::vector<Child> children;
    // A device of the house, or a network of them. Without `hold` it is nobody supervised, and passes.
    struct Device {
        enum class By : std::uint8_t { hardware, address, network };
        By by = By::hardware;
        bool is_v4 = true;
        std::string text;  // as nft(8) writes it
        std::optional<Hold> hold;
        friend bool operator==(const Device&, const Device&) = default;
    };
    Gateway gateway;
    std::vector<Device> devices;        // the first one that fits counts
    std::optional<Hold> others;         // what belongs to nobody known
    std::uint16_t web_port = 0;         // the transparent proxy of the house
    std::optional<std::int64_t> until;  // awake second at which it can change through time alone
    bool is_same(const FirewallPlan& other) const {
        return children == other.children && web_port == other.web_port && gateway == other.gateway &&
               devices == other.devices && others == other.others;
    }
};

FirewallPlan plan_of(const Policy& policy, const Moment& now, std::uint16_t web_port, const Gateway& gateway,
                     const std::function<AccountPorts(std::uint32_t)>& ports);

// The table of our own, by family and name.
inline constexpr std::string_view own_table = "inet hort";
// One transaction: the table as it is to be, instead of what it was.
std::string commands_of(const FirewallPlan& plan);
// ... and without it.
std::string commands_without();

}  // namespace hort::enforce
