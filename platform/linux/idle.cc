// Source: timerfd_create(2), proc(5) on /proc/[pid]/fd.
#include "platform/idle.h"

#include <sys/timerfd.h>

#include <charconv>
#include <filesystem>
#include <string>

namespace hort::platform {
namespace {

int find_only_timer() {
    int found = -1;
    std::error_code fault;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", fault)) {
        if (std::filesystem::read_symlink(entry.path(), fault) != "anon_inode:[timerfd]") continue;
        if (found >= 0) return -1;
        const auto name = entry.path().filename().string();
        std::from_chars(name.data(), name.data() + name.size(), found);
    }
    return found;
}

}  // namespace

void disarm_only_timer() {
    static const int timer = find_only_timer();
    const itimerspec never{};
    if (timer >= 0) timerfd_settime(timer, 0, &never, nullptr);
}

}  // namespace hort::platform
