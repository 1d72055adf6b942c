// ClockWatch: tells when somebody sets the wall clock, or the machine wakes from suspend. Costs nothing while neither
// happens. https://man7.org/linux/man-pages/man2/timerfd_create.2.html (TFD_TIMER_CANCEL_ON_SET)
#pragma once

#include <memory>

namespace hort::platform {

class ClockWatch {
  public:
    virtual ~ClockWatch() = default;
    // nullptr where the system cannot tell.
    static std::unique_ptr<ClockWatch> start();
    // Readable when the clock was set since the last rearm().
    virtual int descriptor() const = 0;
    virtual void rearm() = 0;
};

// Tells when the machine's time zone becomes another one: when /etc/localtime does (localtime(5)).
class ZoneWatch {
  public:
    virtual ~ZoneWatch() = default;
    // nullptr where the system cannot tell.
    static std::unique_ptr<ZoneWatch> start();
    // Readable when has_changed() has something to read.
    virtual int descriptor() const = 0;
    virtual bool has_changed() = 0;
};

// Does a time server vouch for the wall clock?
bool is_clock_synchronised();

}  // namespace hort::platform
