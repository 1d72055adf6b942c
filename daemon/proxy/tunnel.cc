#include "daemon/proxy/tunnel.h"

namespace hort::proxy {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using asio::ip::tcp;
constexpr auto idle_limit = 10min;
constexpr std::size_t buffer_size = 64 << 10;

// Waits for bytes before it takes a buffer: an idle tunnel holds none.
asio::awaitable<void> pump(tcp::socket& from, tcp::socket& to, Watchdog& watchdog, const std::function<void()>& moved) {
    error_code fault;
    std::vector<char> buffer;
    for (;;) {
        if (buffer.empty()) {
            co_await from.async_wait(tcp::socket::wait_read, asio::redirect_error(asio::use_awaitable, fault));
            if (fault) break;
            buffer.resize(buffer_size);
        }
        const auto got = from.read_some(asio::buffer(buffer), fault);
        if (fault == asio::error::would_block) {
            std::vector<char>().swap(buffer);
            fault = {};
            continue;
        }
        if (fault) break;
        watchdog.set(idle_limit);
        moved();
        co_await asio::async_write(to, asio::buffer(buffer.data(), got),
                                   asio::redirect_error(asio::use_awaitable, fault));
        if (fault) break;
        watchdog.set(idle_limit);
    }
    error_code ignored;
    if (fault == asio::error::eof) {
        to.shutdown(tcp::socket::shutdown_send, ignored);
    } else {  // reset: nothing can go either way any more
        from.close(ignored);
        to.close(ignored);
    }
}

}  // namespace

asio::awaitable<void> run_tunnel(tcp::socket& client, tcp::socket& server, std::string early, Watchdog& watchdog,
                                 const std::function<void()>& moved) {
    error_code fault;
    client.non_blocking(true, fault);
    server.non_blocking(true, fault);
    watchdog.set(idle_limit);
    if (!early.empty())
        co_await asio::async_write(server, asio::buffer(early), asio::redirect_error(asio::use_awaitable, fault));
    if (fault) co_return;
    co_await (pump(client, server, watchdog, moved) && pump(server, client, watchdog, moved));
}

}  // namespace hort::proxy
