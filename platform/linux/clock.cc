#include "platform/clock.h"

#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>

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

std::string local_country() {
    // "Europe/Berlin", of TZ or of where /etc/localtime points; zone.tab (tzfile(5)) says whose it is.
    std::string zone;
    if (const char* given = std::getenv("TZ"); given != nullptr && *given != '\0') {
        zone = *given == ':' ? given + 1 : given;
    } else {
        char path[256];
        const auto size = readlink("/etc/localtime", path, sizeof path);
        zone.assign(path, size > 0 ? static_cast<std::size_t>(size) : 0);
        const auto at = zone.find("zoneinfo/");
        zone = at == std::string::npos ? std::string() : zone.substr(at + 9);
    }
    std::ifstream table("/usr/share/zoneinfo/zone.tab");
    for (std::string line; !zone.empty() && std::getline(table, line);) {
        std::istringstream words(line);
        std::string country, place, name;
        if (line.starts_with('#') || !(words >> country >> place >> name) || name != zone) continue;
        return country;
    }
    return {};
}

}  // namespace hort::platform
