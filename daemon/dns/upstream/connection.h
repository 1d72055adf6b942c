// Connection to an upstream: connecting and the handshake, for the transports that keep one.
#pragma once

#include "daemon/dns/byte_stream.h"
#include "daemon/dns/upstream/transport.h"

namespace hort::dns {

// Tries the addresses in their order. Empty when none took the connection, or the certificate is not the right one.
asio::awaitable<std::unique_ptr<ByteStream>> connect_to(const UpstreamAddress& address, asio::ssl::context& tls);

inline constexpr std::chrono::milliseconds connect_patience{3000}, answer_patience{4000};
// RFC 7766 section 6.2.3 and RFC 7858 section 3.4: a connection that nobody uses is closed.
inline constexpr std::chrono::seconds idle_patience{20};

}  // namespace hort::dns
