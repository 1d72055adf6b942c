// ByteStream: a connection, plain or encrypted, as far as DNS needs it. On the io_context's thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <memory>
#include <span>
#include <string>

#include "daemon/asio.h"

namespace hort::dns {

class ByteStream {
  public:
    virtual ~ByteStream() = default;
    // The handshake; true at once for a plain one.
    virtual asio::awaitable<bool> begin() = 0;
    // At least one octet; 0 at the end or when the connection broke.
    virtual asio::awaitable<std::size_t> read_some(std::span<std::uint8_t> bytes) = 0;
    virtual asio::awaitable<bool> write(std::span<const std::uint8_t> bytes) = 0;
    // Ends what waits.
    virtual void close() = 0;
    virtual std::string protocol() const = 0;     // that both sides agreed on (ALPN)
    virtual std::string server_name() const = 0;  // that the client asked for (SNI)
};

std::unique_ptr<ByteStream> plain_stream(asio::ip::tcp::socket socket);
std::unique_ptr<ByteStream> tls_server(asio::ip::tcp::socket socket, asio::ssl::context& context);
struct ServerIdentity {
    std::string name;  // that the certificate has to bear
    std::string pin;   // SHA-256 of its public key; empty: any
    std::string_view protocol;
};
std::unique_ptr<ByteStream> tls_client(asio::ip::tcp::socket socket, asio::ssl::context& context,
                                       const ServerIdentity& identity);

// Whole messages; false when the connection ended before.
asio::awaitable<bool> read_exactly(ByteStream& stream, std::span<std::uint8_t> bytes);

// Calls the coroutine's result off when `time` is up first: the stream is closed, and the result is false.
asio::awaitable<bool> within(std::chrono::milliseconds time, ByteStream& stream, asio::awaitable<bool> work);

}  // namespace hort::dns
