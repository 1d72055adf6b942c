// Confinement: what a process that reads what strangers send can still do when one of them has taken it over. For ever:
// nothing of it can be taken back.
#pragma once

#include <string>
#include <vector>

#include "rules/result.h"

namespace hort::platform {

// The account of the worker (see monitor.h): of nobody else, and without a home or a shell.
inline constexpr const char* worker_account = "_hort";

struct Places {
    std::vector<std::string> read, write;  // folders with all below, and files
};

// Becomes the worker's account, which may still listen at ports below 1024 (CAP_NET_BIND_SERVICE); ends with the
// process that started it; starts no program (execve(2)); opens no file but those (Landlock, where the kernel has it);
// and has only the system calls that it needs (seccomp). Before the first thread.
// https://docs.kernel.org/userspace-api/landlock.html, https://docs.kernel.org/userspace-api/seccomp_filter.html
Status confine(const Places& places);

}  // namespace hort::platform
