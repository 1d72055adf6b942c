// What is mounted, as the kernel tells it (proc_pid_mountinfo(5)); no file system is touched.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hort::platform {

struct Mount {
    std::int64_t id = 0;  // unlike those of all other mounts, in whichever namespace
    std::string device;   // "major:minor"
    std::string place;    // where it is seen
    std::string kind;     // of the file system
};

// In the namespace of this process, or of another one. Of more than 4 MiB the rest is left out: a person may mount as
// much as it likes in a namespace of its own.
std::vector<Mount> mounts_of(const std::string& process = "self");

// On which mount the file of a descriptor lies; O_PATH will do.
std::optional<std::int64_t> mount_id_of(int descriptor);

// The mount on which what is in memory alone lies (memfd_create(2)), which no namespace shows.
bool is_of_memory(std::int64_t mount_id);

}  // namespace hort::platform
