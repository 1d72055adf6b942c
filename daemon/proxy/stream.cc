#include "daemon/proxy/stream.h"

#include <span>

namespace hort::proxy {

using asio::ip::tcp;
constexpr std::size_t idle_capacity = 1024;  // of a buffer that waits; heads are about as long

std::span<char> scratch_buffer() {
    static thread_local std::array<char, 64 << 10> buffer;
    return buffer;
}

void prepare(tcp::socket& socket) {
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.set_option(tcp::no_delay(true), ignored);
}

asio::awaitable<bool> ready(tcp::socket& socket, tcp::socket::wait_type what) {
    error_code fault;
    co_await socket.async_wait(what, asio::redirect_error(asio::use_awaitable, fault));
    co_return !fault;
}

asio::awaitable<bool> Stream::read_octets(std::string& into) {
    for (;;) {
        error_code fault;
        co_await socket.async_wait(tcp::socket::wait_read, asio::redirect_error(asio::use_awaitable, fault));
        if (fault) co_return false;
        const auto space = scratch_buffer();
        const auto got = socket.read_some(asio::buffer(space.data(), space.size()), fault);
        if (fault == asio::error::would_block) continue;
        if (fault) co_return false;
        into.append(space.data(), got);
        co_return true;
    }
}

asio::awaitable<bool> Stream::read_more() {
    if (buffer.empty() && buffer.capacity() > idle_capacity) buffer = std::string();
    return tls == nullptr ? read_octets(buffer) : read_deciphered();
}

asio::awaitable<bool> Stream::read_deciphered() {
    const auto before = buffer.size();
    while (buffer.size() == before) {
        if (tls->state() == TlsLayer::State::failed || tls->state() == TlsLayer::State::ended) co_return false;
        std::string octets;
        const bool more = co_await read_octets(octets);
        if (!more) tls->give_end();
        tls->give(octets, buffer);
        const bool flushed = co_await flush();  // what TLS itself has to say
        if (!flushed) co_return false;
    }
    co_return true;
}

asio::awaitable<bool> Stream::flush() {
    const auto octets = tls->take_output();
    if (octets.empty()) co_return true;
    co_return co_await write_octets(octets);
}

asio::awaitable<bool> Stream::write(std::string_view bytes) {
    return tls == nullptr ? write_octets(bytes) : write_enciphered(bytes);
}

asio::awaitable<bool> Stream::write_enciphered(std::string_view bytes) {
    const bool is_put = tls->put(bytes);
    if (!is_put) co_return false;
    co_return co_await flush();
}

asio::awaitable<bool> Stream::begin_tls(std::unique_ptr<TlsLayer> layer) {
    const std::string first = std::exchange(buffer, {});
    tls = std::move(layer);
    if (!first.empty()) tls->give(first, buffer);
    for (;;) {
        const bool flushed = co_await flush();
        if (!flushed) co_return false;
        if (tls->state() != TlsLayer::State::handshake) break;
        std::string octets;
        const bool more = co_await read_octets(octets);
        if (!more) tls->give_end();
        tls->give(octets, buffer);
    }
    co_return tls->state() == TlsLayer::State::open;
}

void Stream::end() {
    error_code ignored;
    if (tls != nullptr) {
        // It is short and fits the socket's buffer, or the other side does not read any more.
        tls->end();
        socket.write_some(asio::buffer(tls->take_output()), ignored);
    }
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<bool> Stream::write_octets(std::string_view bytes) {
    error_code fault;
    const auto put = socket.write_some(asio::buffer(bytes), fault);
    if (fault && fault != asio::error::would_block) co_return false;
    if (put == bytes.size()) co_return true;
    fault = {};
    co_await asio::async_write(socket, asio::buffer(bytes.substr(put)),
                               asio::redirect_error(asio::use_awaitable, fault));
    co_return !fault;
}

void Stream::close() {
    error_code ignored;
    socket.close(ignored);
    buffer = std::string();
    // Who reads or writes here still has the layer in hand.
}

}  // namespace hort::proxy
