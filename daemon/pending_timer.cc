#include "daemon/pending_timer.h"

#include "platform/idle.h"

namespace hort {

int& PendingTimer::count() {
    static int pending = 0;
    return pending;
}

void PendingTimer::disarm() { platform::disarm_only_timer(); }

asio::awaitable<void> wait_for(asio::steady_timer& timer) {
    const PendingTimer pending;
    error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<std::optional<bool>> in_time(std::chrono::milliseconds time, asio::awaitable<bool> work) {
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    const auto first = co_await (std::move(work) || wait_for(timer));
    if (first.index() != 0) co_return std::nullopt;
    co_return std::get<0>(first);
}

}  // namespace hort
