#include "platform/clock.h"

#include <ctime>

namespace hort::platform {
namespace {

// Zones change their offset at full quarters of an hour, so the answer of the C library holds for one.
std::int32_t utc_offset(std::time_t wall) {
    thread_local std::time_t known_quarter = -1;
    thread_local std::int32_t known_offset = 0;
    if (wall / 900 != known_quarter) {
        std::tm local{};
        localtime_r(&wall, &local);
        known_offset = static_cast<std::int32_t>(local.tm_gmtoff);
        known_quarter = wall / 900;
    }
    return known_offset;
}

}  // namespace

Moment now() {
    timespec wall{}, boot{};
    clock_gettime(CLOCK_REALTIME_COARSE, &wall);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    return {wall.tv_sec, boot.tv_sec, utc_offset(wall.tv_sec)};
}

}  // namespace hort::platform
