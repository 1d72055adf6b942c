#include "platform/program.h"

#include <sys/statvfs.h>
#include <unistd.h>

namespace hort::platform {

std::string own_program() {
    char path[4096];
    const auto size = readlink("/proc/self/exe", path, sizeof path);
    return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string();
}

bool runs_programs(const std::string& folder) {
    struct statvfs info {};
    return statvfs(folder.c_str(), &info) == 0 && (info.f_flag & ST_NOEXEC) == 0;
}

}  // namespace hort::platform
