// Watchdog: ends a connection whose deadline passed. Moving the deadline costs a store, no timer; at rest it wakes once
// a period.
#pragma once

#include <functional>
#include <memory>

#include "daemon/pending_timer.h"

namespace hort::proxy {

class Watchdog {
  public:
    using Clock = asio::steady_timer::clock_type;

    // `expire` is called once, on the io_context's thread, when a deadline passes; it closes the sockets.
    Watchdog(asio::any_io_executor executor, std::function<void()> expire)
        : state_(std::make_shared<State>(executor, std::move(expire))) {}
    ~Watchdog() {
        state_->is_over = true;
        state_->timer.cancel();
    }
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    // The connection must make progress within `time` from now.
    void set(Clock::duration time) {
        state_->deadline = Clock::now() + time;
        if (!state_->is_armed || state_->deadline < state_->timer.expiry()) arm(state_);
    }
    bool has_expired() const { return state_->has_expired; }

  private:
    struct State {
        State(const asio::any_io_executor& executor, std::function<void()> action)
            : timer(executor), expire(std::move(action)) {}
        asio::steady_timer timer;
        std::function<void()> expire;
        Clock::time_point deadline;
        bool is_armed = false, is_over = false, has_expired = false;
    };
    static void arm(const std::shared_ptr<State>& state) {
        state->is_armed = true;
        state->timer.expires_at(state->deadline);
        state->timer.async_wait([state, pending = PendingTimer()](const error_code& fault) {
            if (state->is_over || fault) return;
            if (Clock::now() < state->deadline) return arm(state);
            state->is_armed = false;
            state->has_expired = true;
            state->expire();
        });
    }
    std::shared_ptr<State> state_;
};

}  // namespace hort::proxy
