// Mapping comes with the daemon's Windows side.
#include "platform/mapped_file.h"

#include <windows.h>

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

Status write_file_atomically(const std::string& path, std::span<const std::byte> bytes, Readers) {
    const auto temporary = path + ".new";
    const auto fault = [&](const char* what) {
        const auto number = GetLastError();
        DeleteFileA(temporary.c_str());
        return Error{std::string(what) + ": Windows error " + std::to_string(number), path, {}};
    };
    const HANDLE file =
        CreateFileA(temporary.c_str(), GENERIC_WRITE, 0, nullptr, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr);
    if (file == INVALID_HANDLE_VALUE) return fault("cannot be written");
    bool is_good = true;
    while (is_good && !bytes.empty()) {
        DWORD put = 0;
        is_good = WriteFile(file, bytes.data(), static_cast<DWORD>(std::min<std::size_t>(bytes.size(), 1u << 20)), &put,
                            nullptr) != 0;
        bytes = bytes.subspan(put);
    }
    is_good = is_good && FlushFileBuffers(file) != 0;
    CloseHandle(file);
    if (!is_good) return fault("cannot be written");
    if (MoveFileExA(temporary.c_str(), path.c_str(), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) == 0)
        return fault("cannot be replaced");
    return Done{};
}

}  // namespace hort::platform
