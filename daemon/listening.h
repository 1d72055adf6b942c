// Listening sockets, opened and accepted from in one way. On the io_context's thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "daemon/pending_timer.h"

namespace hort {

// A listening TCP socket at `place`; an IPv6 one takes IPv6 alone. `what` says in an error what it is for.
Result<asio::ip::tcp::acceptor> listen_at(asio::io_context& io, const platform::Endpoint& place,
                                          const std::string& what, const std::string& hint);

// Gives each connection to `take`, until the acceptor is closed or `alive` is false.
template <typename Acceptor, typename Take>
asio::awaitable<void> accept_all(Acceptor& acceptor, std::shared_ptr<bool> alive, Take take) {
    for (;;) {
        error_code fault;
        auto socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, fault));
        if (fault == asio::error::operation_aborted || fault == asio::error::bad_descriptor || !*alive) co_return;
        if (!fault) {
            take(std::move(socket));
            continue;
        }
        // Out of descriptors: wait for some to come back, do not spin.
        asio::steady_timer pause(co_await asio::this_coro::executor, std::chrono::milliseconds(100));
        co_await wait_for(pause);
        if (!*alive) co_return;
    }
}

}  // namespace hort
