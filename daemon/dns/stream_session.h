// Sessions over connections: DNS over TCP and TLS (RFC 7766, RFC 7858), and over HTTPS (RFC 8484).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/dns/byte_stream.h"
#include "platform/endpoint.h"

namespace hort::dns {

// Who asks over a connection.
struct Peer {
    platform::Endpoint client, server;
    std::string id;                        // that the client names; empty: none
    std::optional<std::uint32_t> account;  // whose questions alone come there
};

// Answers one message. On the io_context's thread; outlives its sessions, or says so.
class Answerer {
  public:
    virtual ~Answerer() = default;
    // `reply` is called once, perhaps at once; with nothing where there is nothing that could be answered.
    using Reply = std::function<void(std::span<const std::uint8_t>)>;
    virtual void answer(std::span<const std::uint8_t> query, const Peer& peer, Reply reply) = 0;
    virtual std::string_view server_name() const = 0;  // "dns.home.example", as in the certificate
};

// These run until the connection ends. `alive` is false once the answerer is gone.
using Alive = std::shared_ptr<bool>;
asio::awaitable<void> serve_stream(std::unique_ptr<ByteStream> stream, Peer peer, Answerer& answerer, Alive alive);
asio::awaitable<void> serve_https(std::unique_ptr<ByteStream> stream, Peer peer, Answerer& answerer, Alive alive);

}  // namespace hort::dns
