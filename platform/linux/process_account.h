// Whose process it is and what it is about; what guards need that others wait for.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

// Its parent; 0: it is gone.
inline std::int32_t parent_of(std::int32_t process) {
    char path[32];
    std::snprintf(path, sizeof path, "/proc/%d/status", process);
    const Fd file(open(path, O_RDONLY | O_CLOEXEC));
    char text[1024];
    const auto size = file ? read(file.get(), text, sizeof text - 1) : -1;
    text[size > 0 ? size : 0] = 0;
    const char* at = std::strstr(text, "\nPPid:");
    int parent = 0;
    return at != nullptr && std::sscanf(at, "\nPPid: %d", &parent) == 1 ? parent : 0;
}

// With whose rights it runs, for less work: the folder in /proc is its effective user's, whether it may be read or not.
inline std::optional<std::uint32_t> effective_account_of(std::int32_t process) {
    char path[32];
    std::snprintf(path, sizeof path, "/proc/%d", process);
    struct stat info {};
    return stat(path, &info) == 0 ? std::optional<std::uint32_t>(info.st_uid) : std::nullopt;
}

// Whether the kernel says where in it a thread is (proc_pid_stack(5)), by the names of its functions.
inline bool tells_stack() {
    const Fd file(open("/proc/thread-self/stack", O_RDONLY | O_CLOEXEC));
    char text[4096];
    const auto size = file ? read(file.get(), text, sizeof text - 1) : -1;
    text[size > 0 ? size : 0] = 0;
    return std::strstr(text, "vfs_read") != nullptr;
}

// Of a thread that waits for the answer about a file: whether it starts a program whose loader that file is. Not so
// when the file is what it starts, or what a script names as its interpreter.
inline bool is_loading_program(std::int32_t thread) {
    char path[32];
    std::snprintf(path, sizeof path, "/proc/%d/stack", thread);
    const Fd file(open(path, O_RDONLY | O_CLOEXEC));
    char text[4096];
    const auto size = file ? read(file.get(), text, sizeof text - 1) : -1;
    if (size <= 0) return true;
    text[size] = 0;
    return std::strstr(text, "load_elf_binary") != nullptr;
}

// Others wait for what this thread does next; where the right is missing it stays as it is.
inline void hurry() { (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), -15); }

}  // namespace hort::platform
