// Reading only: mapping and atomic writing come with the daemon's Windows side.
#include "platform/mapped_file.h"

#include <fstream>

namespace hort::platform {

Result<std::string> read_file(const std::string& path, std::size_t limit) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return Error{"cannot be opened", path, "does it exist, and may you read it?"};
    std::string out;
    char buffer[1 << 16];
    while (in.read(buffer, sizeof buffer) || in.gcount() > 0) {
        out.append(buffer, static_cast<std::size_t>(in.gcount()));
        if (out.size() > limit) return Error{"larger than " + std::to_string(limit >> 20) + " MiB", path, {}};
    }
    if (in.bad()) return Error{"cannot be read to its end", path, {}};
    return out;
}

}  // namespace hort::platform
