// Stream: a socket with the octets that were read from it and not used yet; plain, or with TLS between. An idle one
// holds no buffer.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "daemon/asio.h"
#include "daemon/proxy/tls_layer.h"

namespace hort::proxy {

struct Stream {
    explicit Stream(asio::ip::tcp::socket connected) : socket(std::move(connected)) {}

    asio::ip::tcp::socket socket;
    std::string buffer;
    std::unique_ptr<TlsLayer> tls;  // what is read and written passes it; empty: plain

    // Waits for octets and appends them to the buffer; false when there are no more, or the connection broke.
    asio::awaitable<bool> read_more();
    // `bytes` must stay where they are until it is done; false when the connection broke.
    asio::awaitable<bool> write(std::string_view bytes);
    // Speaks TLS from here on, beginning with what is in the buffer; false when the handshake failed.
    asio::awaitable<bool> begin_tls(std::unique_ptr<TlsLayer> layer);
    // Says that nothing more will be written.
    void end();
    void close();

  private:
    asio::awaitable<bool> read_deciphered();
    asio::awaitable<bool> write_enciphered(std::string_view bytes);
    asio::awaitable<bool> read_octets(std::string& into);
    asio::awaitable<bool> write_octets(std::string_view octets);
    asio::awaitable<bool> flush();
};

// Makes a socket ready for a Stream: it neither blocks nor waits for more before it sends.
void prepare(asio::ip::tcp::socket& socket);

// Waits until it can be read or written; false when it broke or was closed.
asio::awaitable<bool> ready(asio::ip::tcp::socket& socket, asio::ip::tcp::socket::wait_type what);

// Octets that a way is worth a pipe for (splice.h); less is cheaper to copy.
inline constexpr std::size_t splice_after = 1 << 20;

// Where octets are read to before they are used: one for all, since each is empty again before anybody waits.
std::span<char> scratch_buffer();

}  // namespace hort::proxy
