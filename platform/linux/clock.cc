#include "platform/clock.h"

#include <ctime>

namespace hort::platform {

Moment now() {
    timespec wall{}, boot{};
    clock_gettime(CLOCK_REALTIME_COARSE, &wall);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    return {wall.tv_sec, boot.tv_sec};
}

}  // namespace hort::platform
