#include "platform/original_destination.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace hort::platform {
namespace {

// linux/netfilter_ipv4.h and linux/netfilter_ipv6/ip6_tables.h do not go together with netinet/in.h.
constexpr int so_original_dst = 80;

}  // namespace

std::optional<Endpoint> original_destination(int socket) {
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    if (getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size) != 0) return std::nullopt;
    Endpoint out;
    if (own.ss_family == AF_INET) {
        sockaddr_in found{};
        size = sizeof found;
        if (getsockopt(socket, IPPROTO_IP, so_original_dst, &found, &size) != 0) return std::nullopt;
        out.address[10] = out.address[11] = 0xff;
        std::memcpy(out.address.data() + 12, &found.sin_addr, 4);
        out.port = ntohs(found.sin_port);
        return out;
    }
    sockaddr_in6 found{};
    size = sizeof found;
    if (getsockopt(socket, IPPROTO_IPV6, so_original_dst, &found, &size) != 0) return std::nullopt;
    std::memcpy(out.address.data(), &found.sin6_addr, 16);
    out.port = ntohs(found.sin6_port);
    return out;
}

}  // namespace hort::platform
