// Whose process it is; what guards need that others wait for.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>

#include "platform/linux/fd.h"

namespace hort::platform {

// Its real user id: the owner of the files in /proc is root for a program that nobody may read. It opens nothing
// outside of /proc, and does not allocate.
inline std::optional<std::uint32_t> account_of(std::int32_t process) {
    char path[32];
    std::snprintf(path, sizeof path, "/proc/%d/status", process);
    const Fd file(open(path, O_RDONLY | O_CLOEXEC));
    char text[1024];
    const auto size = file ? read(file.get(), text, sizeof text - 1) : -1;
    if (size <= 0) return std::nullopt;
    text[size] = 0;
    const char* at = std::strstr(text, "\nUid:");
    unsigned account = 0;
    return at != nullptr && std::sscanf(at, "\nUid: %u", &account) == 1 ? std::optional<std::uint32_t>(account)
                                                                        : std::nullopt;
}

// Others wait for what this thread does next; where the right is missing it stays as it is.
inline void hurry() { (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), -15); }

}  // namespace hort::platform
