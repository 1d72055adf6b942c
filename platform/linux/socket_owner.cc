#include "platform/socket_owner.h"

#include <ifaddrs.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <cstring>
#include <set>

#include "platform/linux/fd.h"

namespace hort::platform {
namespace {

void set_side(const Endpoint& endpoint, bool as_v4, __be32 (&address)[4], __be16& port) {
    if (as_v4)
        std::memcpy(address, endpoint.address.data() + 12, 4);
    else
        std::memcpy(address, endpoint.address.data(), 16);
    port = htons(endpoint.port);
}

std::set<AddressBytes> own_addresses() {
    std::set<AddressBytes> out;
    ifaddrs* all = nullptr;
    if (getifaddrs(&all) != 0) return out;
    for (const auto* one = all; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr) continue;
        AddressBytes address{};
        if (one->ifa_addr->sa_family == AF_INET) {
            address[10] = address[11] = 0xff;
            std::memcpy(address.data() + 12, &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr, 4);
        } else if (one->ifa_addr->sa_family == AF_INET6) {
            std::memcpy(address.data(), &reinterpret_cast<const sockaddr_in6*>(one->ifa_addr)->sin6_addr, 16);
        } else {
            continue;
        }
        out.insert(address);
    }
    freeifaddrs(all);
    return out;
}

}  // namespace

bool is_of_this_machine(const AddressBytes& address) {
    if (Endpoint{address, 0}.is_loopback()) return true;
    using Clock = std::chrono::steady_clock;
    thread_local Clock::time_point next;
    thread_local std::set<AddressBytes> known;
    if (const auto now = Clock::now(); now >= next) {
        known = own_addresses();
        next = now + std::chrono::seconds(1);
    }
    return known.contains(address);
}

std::optional<std::uint32_t> socket_owner(Transport transport, const Endpoint& client, const Endpoint& server) {
    // One netlink socket a thread, kept: opening one costs more than the question.
    thread_local Fd netlink = [] {
        Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
        const timeval limit{0, 200000};
        if (fd) setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        return fd;
    }();
    if (!netlink) return std::nullopt;

    const bool as_v4 = client.is_v4() && server.is_v4();
    thread_local std::uint32_t sequence = 0;
    struct {
        nlmsghdr header;
        inet_diag_req_v2 request;
    } message{};
    message.header.nlmsg_len = sizeof message;
    message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    message.header.nlmsg_flags = NLM_F_REQUEST;
    message.header.nlmsg_seq = ++sequence;
    message.request.sdiag_family = as_v4 ? AF_INET : AF_INET6;
    message.request.sdiag_protocol = transport == Transport::tcp ? IPPROTO_TCP : IPPROTO_UDP;
    message.request.idiag_states = ~0u;
    message.request.id.idiag_cookie[0] = message.request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    auto& id = message.request.id;
    // For TCP the source is the socket's own side. For UDP the kernel looks up who would receive a packet
    // from source to destination, so the client's socket is the destination (net/ipv4/udp_diag.c).
    const Endpoint& source = transport == Transport::tcp ? client : server;
    const Endpoint& destination = transport == Transport::tcp ? server : client;
    set_side(source, as_v4, id.idiag_src, id.idiag_sport);
    set_side(destination, as_v4, id.idiag_dst, id.idiag_dport);

    if (send(netlink.get(), &message, sizeof message, 0) != sizeof message) return std::nullopt;
    for (;;) {
        alignas(nlmsghdr) char buffer[4096];
        const auto got = recv(netlink.get(), buffer, sizeof buffer, 0);
        if (got < static_cast<ssize_t>(sizeof(nlmsghdr))) return std::nullopt;
        const auto* header = reinterpret_cast<const nlmsghdr*>(buffer);
        if (header->nlmsg_seq != sequence) continue;  // a late answer to a question that timed out
        if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
            got < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(inet_diag_msg))))
            return std::nullopt;
        return static_cast<const inet_diag_msg*>(NLMSG_DATA(header))->idiag_uid;
    }
}

}  // namespace hort::platform
