#include "platform/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "platform/linux/fd.h"

namespace hort::platform {
namespace {

class Mapping final : public ImageBytes {
  public:
    Mapping(void* at, std::size_t size) : at_(at), size_(size) {}
    ~Mapping() override { munmap(at_, size_); }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    std::span<const std::byte> bytes() const override { return {static_cast<const std::byte*>(at_), size_}; }

  private:
    void* at_;
    std::size_t size_;
};

Error system_error(const std::string& path, int number) { return Error{std::strerror(number), path, {}}; }

}  // namespace

Result<std::unique_ptr<ImageBytes>> map_file(const std::string& path) {
    const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!fd || fstat(fd.get(), &info) != 0) return system_error(path, errno);
    if (info.st_size == 0) return image_in_memory({});
    const auto size = static_cast<std::size_t>(info.st_size);
    void* at = mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd.get(), 0);
    if (at == MAP_FAILED) return system_error(path, errno);
    return std::unique_ptr<ImageBytes>(std::make_unique<Mapping>(at, size));
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
    const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return system_error(path, errno);
    std::string out;
    char buffer[1 << 16];
    for (;;) {
        const auto got = read(fd.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(path, errno);
        if (got == 0) return out;
        out.append(buffer, static_cast<std::size_t>(got));
        if (out.size() > limit) return Error{"larger than " + std::to_string(limit >> 20) + " MiB", path, {}};
    }
}

Status write_file_atomically(const std::string& path, std::span<const std::byte> bytes, Readers readers) {
    const std::string temporary = path + ".new";
    unlink(temporary.c_str());  // of a crash; never written through: it may be somebody's link
    {
        const Fd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                         readers == Readers::everyone ? 0666 : 0600));
        if (!fd) return system_error(temporary, errno);
        while (!bytes.empty()) {
            const auto put = write(fd.get(), bytes.data(), bytes.size());
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) {
                const int number = errno;
                unlink(temporary.c_str());
                return system_error(temporary, number);
            }
            bytes = bytes.subspan(static_cast<std::size_t>(put));
        }
        if (fsync(fd.get()) != 0) return system_error(temporary, errno);
    }
    if (rename(temporary.c_str(), path.c_str()) != 0) return system_error(path, errno);
    const auto slash = path.rfind('/');
    const Fd folder(
        open(slash == std::string::npos ? "." : path.substr(0, slash + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder) fsync(folder.get());
    return Done{};
}

}  // namespace hort::platform
