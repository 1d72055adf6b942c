// Endpoint to sockaddr and back.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "platform/endpoint.h"

namespace hort::platform {

inline socklen_t to_sockaddr(const Endpoint& endpoint, sockaddr_storage& out) {
    out = {};
    if (endpoint.is_v4()) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(out);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(endpoint.port);
        std::memcpy(&v4.sin_addr, endpoint.address.data() + 12, 4);
        return sizeof v4;
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.address.data(), 16);
    return sizeof v6;
}

inline Endpoint from_sockaddr(const sockaddr_storage& in) {
    Endpoint out;
    if (in.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(in);
        out.address[10] = out.address[11] = 0xff;
        std::memcpy(out.address.data() + 12, &v4.sin_addr, 4);
        out.port = ntohs(v4.sin_port);
    } else if (in.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(in);
        std::memcpy(out.address.data(), &v6.sin6_addr, 16);
        out.port = ntohs(v6.sin6_port);
    }
    return out;
}

}  // namespace hort::platform
