#include "platform/clock.h"

#include <ctime>

#include "platform/mapped_file.h"

namespace hort::platform {

Moment now() {
    timespec wall{}, boot{}, awake{};
    clock_gettime(CLOCK_REALTIME_COARSE, &wall);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    clock_gettime(CLOCK_MONOTONIC, &awake);
    return {wall.tv_sec, boot.tv_sec, awake.tv_sec};
}

std::string boot_id() {
    const auto text = read_file("/proc/sys/kernel/random/boot_id", 64);
    return text ? text->substr(0, 36) : std::string();
}

TimeZone local_zone(std::int64_t around) {
    tzset();  // TZ, or what /etc/localtime is by now
    constexpr std::int64_t year = 366 * 86400;
    return TimeZone::probe(
        [](std::int64_t utc) {
            const auto moment = static_cast<std::time_t>(utc);
            std::tm local{};
            localtime_r(&moment, &local);
            return static_cast<std::int32_t>(local.tm_gmtoff);
        },
        around - year, around + 6 * year);
}

}  // namespace hort::platform
