#include "platform/clock_watch.h"

#include <sys/timerfd.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cstdint>

#include "platform/linux/fd.h"

namespace hort::platform {
namespace {

class TimerWatch final : public ClockWatch {
  public:
    explicit TimerWatch(Fd timer) : timer_(std::move(timer)) { arm(); }
    int descriptor() const override { return timer_.get(); }
    void rearm() override {
        std::uint64_t ignored = 0;
        while (read(timer_.get(), &ignored, sizeof ignored) > 0) {
        }
        arm();
    }

  private:
    void arm() {
        itimerspec never{};
        never.it_value.tv_sec = INT32_MAX;  // 2038; the watch is set anew each time it fires
        timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr);
    }
    Fd timer_;
};

}  // namespace

std::unique_ptr<ClockWatch> ClockWatch::start() {
    Fd timer(timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
    return timer.get() < 0 ? nullptr : std::make_unique<TimerWatch>(std::move(timer));
}

bool is_clock_synchronised() {
    timex state{};
    return adjtimex(&state) != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

}  // namespace hort::platform
