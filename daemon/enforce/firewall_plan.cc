#include "daemon/enforce/firewall_plan.h"

#include <algorithm>

#include "platform/endpoint.h"
#include "platform/neighbours.h"
#include "rules/encrypted_dns.h"
#include "rules/network.h"

namespace hort::enforce {
namespace {

const std::string table = "table " + std::string(own_table);

std::string text_of(const AccountRange& range) {
    auto out = std::to_string(range.first);
    if (range.second != range.first) out.append("-").append(std::to_string(range.second));
    return out;
}

// "elements = { a, b }", or nothing where there are none.
std::string elements(const std::vector<std::string>& items) {
    if (items.empty()) return {};
    std::string out = " elements = { ";
    for (std::size_t i = 0; i < items.size(); ++i) out.append(i == 0 ? "" : ", ").append(items[i]);
    return out.append(" }");
}

// Nothing may be open for a moment while the rules are replaced: a child that tries all the time finds the moment (seen
// with Linux 6.18). So base chains stay, and only their rules are replaced; and about whom, and about which port, a
// rule is, is written as single rules, not as sets and maps, whose elements come and go by another clock. The named
// sets never change.

// Rules that send a packet to what `verdict` says of the account that it comes from.
template <typename Verdict>
void add_accounts(std::string& out, const FirewallPlan& plan, const Verdict& verdict) {
    for (const auto& child : plan.children)
        for (const auto& range : child.accounts)
            out.append("    meta skuid " + text_of(range) + " " + verdict(child) + "\n");
}

// TCP is refused by a reset, which programs understand at once; the others by an error.
constexpr std::string_view refused = "reject with icmpx type admin-prohibited";
constexpr std::string_view reset = "reject with tcp reset";

void add_rule(std::string& out, std::string_view match, std::string_view verdict) {
    out.append("    ").append(match).append(" ").append(verdict).append("\n");
}

// "tcp dport 53 ..." for each of the ports.
void add_ports(std::string& out, const std::string& protocol, std::initializer_list<int> ports,
               std::string_view verdict) {
    for (const int port : ports) add_rule(out, protocol + " dport " + std::to_string(port), verdict);
}

std::string chain_of_accounts(const FirewallPlan::Hold& hold) {
    return std::string("held") + (hold.is_closed ? "_closed" : "_open") + (hold.is_quic_rejected ? "" : "_quic") +
           (hold.is_vpn_rejected ? "" : "_vpn");
}

std::string chain_of(const FirewallPlan::Hold& hold) {
    return std::string("house") + (hold.is_closed ? "_closed" : "_open") + (hold.is_quic_rejected ? "" : "_quic") +
           (hold.is_vpn_rejected ? "" : "_vpn");
}

// Rules that send a packet to what `verdict` says of its device, or of the others.
template <typename Verdict>
void add_devices(std::string& out, const FirewallPlan& plan, const Verdict& verdict) {
    using By = FirewallPlan::Device::By;
    const auto rules = [&](const std::string& field, By by, bool is_v4) {
        for (const auto& device : plan.devices)
            if (device.by == by && (by == By::hardware || device.is_v4 == is_v4))
                add_rule(out, field + " " + device.text, verdict(device.hold));
    };
    rules("ether saddr", By::hardware, true);
    rules("ip saddr", By::address, true);
    rules("ip6 saddr", By::address, false);
    for (const auto& device : plan.devices)
        if (device.by == By::network)
            out.append(device.is_v4 ? "    ip saddr " : "    ip6 saddr ")
                .append(device.text + " " + verdict(device.hold) + "\n");
    out.append("    " + verdict(plan.others) + "\n");
}

// What is forwarded for the devices of the house. DNS and the web are led here, so that what is forwarded of them began
// before the rules did. What is meant for this machine itself is no business of the rules.
void add_house(std::string& out, const FirewallPlan& plan) {
    const auto dns = "redirect to :" + std::to_string(plan.gateway.dns_port);
    // Encrypted DNS is not led here, so that it is refused where it is forwarded.
    out.append(
        "  chain house_led {\n    ip daddr @encrypted_dns_4 tcp dport 443 return\n"
        "    ip6 daddr @encrypted_dns_6 tcp dport 443 return\n");
    add_ports(out, "udp", {53}, dns);
    add_ports(out, "tcp", {53}, dns);
    out.append("    fib daddr type local return\n");
    add_ports(out, "tcp", {80, 443}, "redirect to :" + std::to_string(plan.web_port));
    out.append("  }\n");
    std::vector<FirewallPlan::Hold> holds;
    const auto note = [&](const std::optional<FirewallPlan::Hold>& hold) {
        if (hold && std::find(holds.begin(), holds.end(), *hold) == holds.end()) holds.push_back(*hold);
    };
    for (const auto& device : plan.devices) note(device.hold);
    note(plan.others);
    for (const auto& hold : holds) {
        out.append("  chain " + chain_of(hold) + " {\n");
        if (hold.is_quic_rejected) add_ports(out, "udp", {80, 443}, refused);
        out.append("    jump encrypted_dns\n");
        if (hold.is_vpn_rejected) out.append("    jump vpn\n");
        if (hold.is_closed) {
            add_rule(out, "meta l4proto tcp", reset);
            out.append("    ").append(refused).append("\n");
        } else {
            add_ports(out, "tcp", {53, 80, 443}, reset);
            add_ports(out, "udp", {53}, refused);
        }
        out.append("  }\n");
    }
    out.append("  chain house_lead {\n");
    add_devices(out, plan, [](const auto& hold) { return std::string(hold ? "goto house_led" : "return"); });
    out.append("  }\n  chain house_hold {\n");
    add_devices(out, plan, [](const auto& hold) { return hold ? "goto " + chain_of(*hold) : std::string("return"); });
    const auto from_house = [&](std::string_view verdict) {
        for (const auto& name : plan.gateway.interfaces) add_rule(out, "iifname \"" + name + "\"", verdict);
    };
    out.append("  }\n  chain lead_house {\n    type nat hook prerouting priority -100; policy accept;\n");
    from_house("jump house_lead");
    out.append("  }\n  chain hold_house {\n    type filter hook forward priority -150; policy accept;\n");
    from_house("jump house_hold");
    out.append("  }\n");
}

// What is done with the accounts of this machine.
void add_machine(std::string& out, const FirewallPlan& plan) {
    // What has no socket (neighbour discovery, the ends of connections) has no account either, and is nobody's.
    // Before addresses are translated (-100): behind that, what was led here looks like traffic to this machine.
    // Translation knows connections only from their beginning: what still goes to those ports behind it began before
    // the rules did.
    // Who goes to such a port by itself would be taken for somebody else.
    out.append("  chain ports_of_accounts {\n");
    for (const auto& child : plan.children) {
        add_ports(out, "udp", {child.ports.dns}, refused);
        add_ports(out, "tcp", {child.ports.dns, child.ports.web}, reset);
    }
    out.append("  }\n");
    std::vector<std::string> made;
    for (const auto& child : plan.children) {
        const auto chain = chain_of_accounts(child);
        if (std::find(made.begin(), made.end(), chain) != made.end()) continue;
        made.push_back(chain);
        out.append("  chain " + chain + " {\n");
        if (child.is_quic_rejected) add_ports(out, "udp", {80, 443}, refused);
        out.append("    jump encrypted_dns\n    oifname \"lo\" jump ports_of_accounts\n    oifname \"lo\" accept\n");
        if (child.is_vpn_rejected) out.append("    jump vpn\n");
        if (child.is_closed) {
            add_ports(out, "tcp", {53, 80, 443}, "accept");
            add_ports(out, "udp", {53}, "accept");
            add_rule(out, "meta l4proto tcp", reset);
            out.append("    ").append(refused).append("\n");
        }
        out.append("  }\n");
    }
    out.append("  chain hold {\n    type filter hook output priority -150; policy accept;\n");
    add_accounts(out, plan, [](const auto& child) { return "jump " + chain_of_accounts(child); });
    out.append("  }\n");
    // Named by its account: what nobody goes to any more stays, empty, and there are no more of them than accounts.
    const auto own = [](const std::string& name, const FirewallPlan::Child& child) {
        return name + "_" + std::to_string(child.accounts.front().first);
    };
    // What is led away has a zone of its account's own, before connections are tracked (-200). They are known by
    // addresses and ports alone, for a while after they ended too: who has the source port next, to the same server,
    // would be led where the one before was. Answers are looked for where everybody's are.
    for (const auto& child : plan.children) {
        const auto apart = "ct original zone set " + std::to_string(child.accounts.front().first % 65535 + 1);
        out.append("  chain " + own("apart", child) + " {\n");
        add_ports(out, "udp", {53}, apart);
        add_ports(out, "tcp", {53}, apart);
        out.append("    oifname \"lo\" accept\n");
        add_ports(out, "tcp", {80, 443}, apart);
        out.append("  }\n");
    }
    out.append("  chain set_apart {\n    type filter hook output priority -300; policy accept;\n");
    add_accounts(out, plan, [&](const auto& child) { return "jump " + own("apart", child); });
    out.append("  }\n");
    for (const auto& child : plan.children) {
        const auto dns = "redirect to :" + std::to_string(child.ports.dns);
        out.append("  chain " + own("led", child) + " {\n");
        add_ports(out, "udp", {53}, dns);
        add_ports(out, "tcp", {53}, dns);
        out.append("    oifname \"lo\" accept\n");
        add_ports(out, "tcp", {80, 443}, "redirect to :" + std::to_string(child.ports.web));
        out.append("  }\n");
    }
    out.append("  chain lead {\n    type nat hook output priority -100; policy accept;\n");
    add_accounts(out, plan, [&](const auto& child) { return "jump " + own("led", child); });
    out.append("  }\n  chain left_over {\n");
    add_ports(out, "tcp", {53}, reset);
    add_ports(out, "udp", {53}, refused);
    out.append("    oifname \"lo\" accept\n");
    add_ports(out, "tcp", {80, 443}, reset);
    out.append("  }\n  chain refuse_left_over {\n    type filter hook output priority -50; policy accept;\n");
    add_accounts(out, plan, [](const auto&) { return std::string("jump left_over"); });
    out.append("  }\n");
}

}  // namespace

FirewallPlan plan_of(const Policy& policy, const Moment& now, std::uint16_t web_port, const Gateway& gateway,
                     const std::function<AccountPorts(std::uint32_t)>& ports) {
    FirewallPlan out;
    out.web_port = web_port;
    const auto vpn = Taxonomy::shipped().find("vpn_proxy");
    const auto hold_of = [&](const Subject& who) -> std::optional<FirewallPlan::Hold> {
        if (who.profile == nullptr || !who.profile->is_supervised) return std::nullopt;
        const auto session = decide(policy, who, Target::session(), now);
        if (session.until) out.until = std::min(out.until.value_or(INT64_MAX), session.until->awake_seconds);
        return FirewallPlan::Hold{session.is_blocked(), !who.profile->allows_quic,
                                  vpn && who.profile->blocked.contains(*vpn)};
    };
    const auto add = [&](std::uint32_t account) {
        // Root is nobody's child: whoever binds it to one would lock the machine.
        const auto hold = account == 0 ? std::nullopt : hold_of(policy.subject(account, {}));
        if (!hold) return;
        out.children.push_back({*hold, policy.accounts_of(account), ports(account)});
    };
    for (const auto& [account, index] : policy.by_account) add(account);
    for (const auto& [account, index] : policy.group_by_account)
        if (!policy.by_account.contains(account)) add(account);
    if (gateway.interfaces.empty()) return out;

    // In the order in which Policy::subject() looks.
    using By = FirewallPlan::Device::By;
    out.gateway = gateway;
    const auto person = [&](std::size_t index) {
        return hold_of({&policy.people[index], &policy.people[index].profile});
    };
    for (const auto& [hardware, index] : policy.by_hardware)
        out.devices.push_back({By::hardware, true, platform::hardware_address_text(hardware), person(index)});
    for (const auto& [address, index] : policy.by_device)
        out.devices.push_back({By::address, is_v4(address), platform::address_text(address), person(index)});
    const auto add_network = [&](const Network& network, const std::optional<FirewallPlan::Hold>& hold) {
        const bool is_short = is_v4(network.address) && network.bits >= 96;
        out.devices.push_back({By::network, is_short,
                               platform::address_text(network.address) + "/" +
                                   std::to_string(is_short ? network.bits - 96 : network.bits),
                               hold});
    };
    for (const auto& [network, index] : policy.by_network) add_network(network, person(index));
    for (const auto& [network, group] : policy.group_by_network)
        add_network(network, hold_of({nullptr, &policy.groups[group].profile}));
    out.others = hold_of({nullptr, &policy.household});
    return out;
}

std::string commands_without() {
    // Adding it first makes deleting it no error.
    return table + "\ndelete " + table + "\n";
}

std::string commands_of(const FirewallPlan& plan) {
    if (plan.children.empty() && plan.gateway.interfaces.empty()) return commands_without();
    // Adding it first makes flushing it no error; what is called the same below stays what it is.
    auto out = table + "\nflush " + table + "\n" + table + " {\n";
    const auto& dns = EncryptedDns::shipped();
    const auto set = [&](std::string_view name, std::string_view type, const std::vector<std::string>& items) {
        out.append("  set ").append(name).append(" { type ").append(type).append(";").append(elements(items));
        out.append("\n  }\n");
    };
    set("encrypted_dns_4", "ipv4_addr", dns.v4);
    set("encrypted_dns_6", "ipv6_addr", dns.v6);
    out.append("  chain encrypted_dns {\n");
    add_ports(out, "tcp", {853}, reset);
    add_ports(out, "udp", {784, 853, 8853}, refused);
    add_rule(out, "ip daddr @encrypted_dns_4 tcp dport 443", reset);
    add_rule(out, "ip6 daddr @encrypted_dns_6 tcp dport 443", reset);
    add_rule(out, "ip daddr @encrypted_dns_4 udp dport != 53", refused);
    add_rule(out, "ip6 daddr @encrypted_dns_6 udp dport != 53", refused);
    out.append("  }\n  chain vpn {\n");
    add_ports(out, "tcp", {1080, 1194, 1723, 3128, 9001, 9030, 9040, 9050, 9051, 9150, 9151}, reset);
    add_ports(out, "udp", {500, 1194, 1701, 4500, 51820}, refused);
    for (const char* protocol : {"gre", "esp", "ah"}) add_rule(out, std::string("meta l4proto ") + protocol, refused);
    // Extended echo requests (RFC 8335) are for asking routers, and carry whatever one likes.
    add_rule(out, "icmp type 42", refused);
    add_rule(out, "icmpv6 type 160", refused);
    // A tunnel through echo requests sends many, or long ones; ping has 84 octets, 104 in IPv6, once a second.
    for (const char* echo : {"icmp type echo-request ", "icmpv6 type echo-request "}) {
        add_rule(out, std::string(echo) + "meta length > 128", refused);
        add_rule(out, std::string(echo) + "limit rate over 5/second burst 10 packets", refused);
    }
    out.append("  }\n");
    add_machine(out, plan);
    if (!plan.gateway.interfaces.empty()) add_house(out, plan);
    return out.append("}\n");
}

}  // namespace hort::enforce
