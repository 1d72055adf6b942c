#include "platform/clock_watch.h"

#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

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

class LocaltimeWatch final : public ZoneWatch {
  public:
    explicit LocaltimeWatch(Fd folder) : folder_(std::move(folder)) {}
    int descriptor() const override { return folder_.get(); }
    bool has_changed() override {
        bool out = false;
        alignas(inotify_event) std::array<char, 4096> buffer;
        for (;;) {
            const auto size = read(folder_.get(), buffer.data(), buffer.size());
            if (size < 0 && errno == EINTR) continue;
            if (size <= 0) return out;
            for (const char* at = buffer.data(); at < buffer.data() + size;) {
                const auto* event = reinterpret_cast<const inotify_event*>(at);
                // What did not fit may have been it.
                if ((event->mask & IN_Q_OVERFLOW) != 0 ||
                    (event->len > 0 && std::strcmp(event->name, "localtime") == 0))
                    out = true;
                at += sizeof *event + event->len;
            }
        }
    }

  private:
    const Fd folder_;
};

}  // namespace

std::unique_ptr<ZoneWatch> ZoneWatch::start() {
    Fd folder(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!folder || inotify_add_watch(folder.get(), "/etc", IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE) < 0)
        return nullptr;
    return std::make_unique<LocaltimeWatch>(std::move(folder));
}

std::unique_ptr<ClockWatch> ClockWatch::start() {
    Fd timer(timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
    return timer.get() < 0 ? nullptr : std::make_unique<TimerWatch>(std::move(timer));
}

bool is_clock_synchronised() {
    timex state{};
    return adjtimex(&state) != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

}  // namespace hort::platform
