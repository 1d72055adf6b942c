// Listening sockets, opened and accepted from in one way. On the io_context's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "daemon/pending_timer.h"

namespace hort {

// A listening TCP socket at `place`; an IPv6 one takes IPv6 alone. `what` says in an error what it is for.
Result<asio::ip::tcp::acceptor> listen_at(asio::io_context& io, const platform::Endpoint& place,
                                          const std::string& what, const std::string& hint);

// Opens something at one port of 127.0.0.1 and of ::1, which the kernel chooses, and says which. `open` opens it at a
// place, at first one of port 0, and says at which port; `undo` closes what was opened, for another attempt: another
// program may have the port in the other family, or over the other transport.
Result<std::uint16_t> open_on_loopback(const std::function<Result<std::uint16_t>(const platform::Endpoint&)>& open,
                                       const std::function<void()>& undo);

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
