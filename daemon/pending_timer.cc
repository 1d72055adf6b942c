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

}  // namespace hort
