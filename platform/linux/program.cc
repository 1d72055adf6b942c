#include "platform/program.h"

#include <sys/stat.h>
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

std::optional<std::filesystem::path> file_of_program(const std::filesystem::path& path) {
    std::error_code fault;
    auto target = std::filesystem::canonical(path, fault);
    struct stat entry {};
    struct stat folder {};
    struct stat file {};
    if (fault || lstat(path.c_str(), &entry) != 0 || stat(path.parent_path().c_str(), &folder) != 0 ||
        stat(target.c_str(), &file) != 0)
        return std::nullopt;
    if (S_ISLNK(entry.st_mode) && folder.st_uid != 0 && file.st_uid != folder.st_uid) return std::nullopt;
    return target;
}

}  // namespace hort::platform
