// PendingTimer: held while a timer of Asio waits, so that the last one to end can put the kernel's timer to rest.
//
// Asio leaves its timerfd armed after a timer was cancelled, and arms it anew every five minutes when no timer waits at
// all: an idle daemon would wake for nothing. With its queue empty, disarming is safe: the next timer is the earliest
// and arms the timerfd again. So every timer has to be counted: while one waits that is not, nobody arms the kernel's
// timer again, and all of them stop. On the io_context's thread only. Timers that never expire (time_point::max(), used
// as signals) need not be counted.
#pragma once

#include <optional>

#include "daemon/asio.h"

namespace hort {

class PendingTimer {
  public:
    PendingTimer() { ++count(); }
    PendingTimer(PendingTimer&& other) noexcept : is_counted_(std::exchange(other.is_counted_, false)) {}
    PendingTimer& operator=(PendingTimer&&) = delete;
    ~PendingTimer() {
        if (is_counted_ && --count() == 0) disarm();
    }

  private:
    static int& count();
    static void disarm();
    bool is_counted_ = true;
};

// Waits for the timer; ends early, without an exception, when it is cancelled.
asio::awaitable<void> wait_for(asio::steady_timer& timer);

// The result of `work`; empty when `time` is up first, which calls it off.
asio::awaitable<std::optional<bool>> in_time(std::chrono::milliseconds time, asio::awaitable<bool> work);

}  // namespace hort
