#include "daemon/enforce/firewall_plan.h"

#include <algorithm>

#include "rules/encrypted_dns.h"

namespace hort::enforce {
namespace {

constexpr std::string_view table = "table inet hort";

std::string text_of(const FirewallPlan::Range& range) {
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

template <typename Wanted>
std::string accounts(const FirewallPlan& plan, const Wanted& is_wanted) {
    std::vector<std::string> out;
    for (const auto& child : plan.children)
        if (is_wanted(child))
            for (const auto& range : child.accounts) out.push_back(text_of(range));
    return elements(out);
}

}  // namespace

FirewallPlan plan_of(const Policy& policy, const Moment& now, std::uint16_t web_port,
                     const std::function<std::uint16_t(std::uint32_t)>& dns_port,
                     const std::function<std::vector<FirewallPlan::Range>(std::uint32_t)>& subordinate) {
    FirewallPlan out;
    out.web_port = web_port;
    const auto vpn = Taxonomy::shipped().find("vpn_proxy");
    const auto add = [&](std::uint32_t account) {
        const auto who = policy.subject(account, {});
        // Root is nobody's child: whoever binds it to one would lock the machine.
        if (account == 0 || who.profile == nullptr || !who.profile->is_supervised) return;
        FirewallPlan::Child child;
        child.accounts.emplace_back(account, account);
        for (const auto& range : subordinate(account)) child.accounts.push_back(range);
        child.dns_port = dns_port(account);
        const auto session = decide(policy, who, Target::session(), now);
        child.is_closed = session.is_blocked();
        if (session.until) out.until = std::min(out.until.value_or(INT64_MAX), session.until->awake_seconds);
        child.is_quic_rejected = !who.profile->allows_quic;
        child.is_vpn_rejected = vpn && who.profile->blocked.contains(*vpn);
        out.children.push_back(std::move(child));
    };
    for (const auto& [account, index] : policy.by_account) add(account);
    for (const auto& [account, index] : policy.group_by_account)
        if (!policy.by_account.contains(account)) add(account);
    return out;
}

std::string commands_without() {
    // Adding it first makes deleting it no error.
    return std::string(table) + "\ndelete " + std::string(table) + "\n";
}

std::string commands_of(const FirewallPlan& plan) {
    std::vector<std::string> ports;
    for (const auto& child : plan.children)
        for (const auto& range : child.accounts)
            ports.push_back(text_of(range) + " : " + std::to_string(child.dns_port));
    const auto& dns = EncryptedDns::shipped();
    auto out = commands_without();
    if (plan.children.empty()) return out;
    const auto set = [&](std::string_view name, std::string_view type, const std::string& items) {
        out.append("  set ").append(name).append(" { type ").append(type).append("; flags interval;").append(items);
        out.append("\n  }\n");
    };
    out.append(table).append(" {\n");
    set("children", "uid", accounts(plan, [](const auto&) { return true; }));
    set("closed", "uid", accounts(plan, [](const auto& child) { return child.is_closed; }));
    set("no_quic", "uid", accounts(plan, [](const auto& child) { return child.is_quic_rejected; }));
    set("no_vpn", "uid", accounts(plan, [](const auto& child) { return child.is_vpn_rejected; }));
    set("encrypted_dns_4", "ipv4_addr", elements(dns.v4));
    set("encrypted_dns_6", "ipv6_addr", elements(dns.v6));
    out.append("  map dns_port { type uid : inet_service; flags interval;").append(elements(ports)).append("\n  }\n");
    // What has no socket (neighbour discovery, the ends of connections) has no account either, and is nobody's.
    // Before addresses are translated (-100): behind that, what was led here looks like traffic to this machine. TCP is
    // refused by a reset, which programs understand at once; the others by an error. Translation knows connections
    // only from their beginning: what still goes to those ports behind it began before the rules did.
    out.append(R"(
  chain held {
    meta skuid @no_quic udp dport { 80, 443 } reject with icmpx type admin-prohibited
    tcp dport 853 reject with tcp reset
    udp dport { 784, 853, 8853 } reject with icmpx type admin-prohibited
    ip daddr @encrypted_dns_4 tcp dport 443 reject with tcp reset
    ip6 daddr @encrypted_dns_6 tcp dport 443 reject with tcp reset
    ip daddr @encrypted_dns_4 udp dport != 53 reject with icmpx type admin-prohibited
    ip6 daddr @encrypted_dns_6 udp dport != 53 reject with icmpx type admin-prohibited
    oifname "lo" accept
    meta skuid @no_vpn tcp dport { 1194, 1723, 9001, 9030, 9040, 9050, 9051, 9150, 9151 } reject with tcp reset
    meta skuid @no_vpn udp dport { 500, 1194, 1701, 4500, 51820 } reject with icmpx type admin-prohibited
    meta skuid @no_vpn meta l4proto { gre, esp, ah } reject with icmpx type admin-prohibited
    meta skuid != @closed accept
    tcp dport { 53, 80, 443 } accept
    udp dport 53 accept
    meta l4proto tcp reject with tcp reset
    reject with icmpx type admin-prohibited
  }
  chain hold {
    type filter hook output priority -150; policy accept;
    meta skuid @children jump held
  }
  chain led {
    udp dport 53 redirect to :meta skuid map @dns_port
    tcp dport 53 redirect to :meta skuid map @dns_port
    oifname "lo" accept
)");
    out.append("    tcp dport { 80, 443 } redirect to :").append(std::to_string(plan.web_port)).append(R"(
  }
  chain lead {
    type nat hook output priority -100; policy accept;
    meta skuid @children jump led
  }
  chain left_over {
    tcp dport 53 reject with tcp reset
    udp dport 53 reject with icmpx type admin-prohibited
    oifname "lo" accept
    tcp dport { 80, 443 } reject with tcp reset
  }
  chain refuse_left_over {
    type filter hook output priority -50; policy accept;
    meta skuid @children jump left_over
  }
}
)");
    return out;
}

}  // namespace hort::enforce
