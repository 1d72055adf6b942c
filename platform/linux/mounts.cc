#include "platform/linux/mounts.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sstream>

#include "platform/linux/fd.h"

namespace hort::platform {
namespace {

constexpr std::size_t max_read = 4 << 20;

std::string text_of(const std::string& path) {
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string out;
    std::array<char, 16384> buffer;
    while (file && out.size() < max_read) {
        const auto got = read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        out.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return out;
}

// "\040" is a blank.
std::string plain(const std::string& escaped) {
    std::string out;
    for (std::size_t i = 0; i < escaped.size(); ++i)
        if (escaped[i] == '\\' && i + 3 < escaped.size()) {
            out += static_cast<char>((escaped[i + 1] - '0') * 64 + (escaped[i + 2] - '0') * 8 + escaped[i + 3] - '0');
            i += 3;
        } else {
            out += escaped[i];
        }
    return out;
}

}  // namespace

std::vector<Mount> mounts_of(const std::string& process) {
    std::vector<Mount> out;
    std::istringstream lines(text_of("/proc/" + process + "/mountinfo"));
    for (std::string line; std::getline(lines, line);) {
        const auto dash = line.find(" - ");
        if (dash == std::string::npos) continue;
        std::istringstream fields(line), rest(line.substr(dash + 3));
        Mount mount;
        std::string parent, root;
        fields >> mount.id >> parent >> mount.device >> root >> mount.place;
        rest >> mount.kind;
        mount.place = plain(mount.place);
        out.push_back(std::move(mount));
    }
    return out;
}

std::optional<std::int64_t> mount_id_of(int descriptor) {
    const auto text = text_of("/proc/self/fdinfo/" + std::to_string(descriptor));
    const auto at = text.find("mnt_id:");
    long long id = 0;
    if (at == std::string::npos || std::sscanf(text.c_str() + at, "mnt_id: %lld", &id) != 1) return std::nullopt;
    return id;
}

bool is_of_memory(std::int64_t mount_id) {
    static const auto memory = [] {
        const Fd file(memfd_create("hort", MFD_CLOEXEC));
        return file ? mount_id_of(file.get()) : std::nullopt;
    }();
    return memory == mount_id;
}

}  // namespace hort::platform
