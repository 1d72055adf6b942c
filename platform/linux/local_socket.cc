#include "platform/local_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "platform/linux/descriptor_passing.h"
#include "platform/linux/fd.h"

namespace hort::platform {
namespace {

class Client final : public LocalClient {
  public:
    explicit Client(Fd fd) : fd_(std::move(fd)) {}

    Status send_line(const std::string& line, const std::string& path) override {
        Fd file;
        if (!path.empty()) {
            file = Fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
            if (!file) return Error{std::strerror(errno), path, {}};
        }
        if (!send_all(fd_.get(), line + "\n", file.get()))
            return Error{std::string("the daemon closed the connection: ") + std::strerror(errno), {}, {}};
        return Done{};
    }

    Result<std::string> receive_line() override {
        for (;;) {
            if (const auto end = buffer_.find('\n'); end != std::string::npos) {
                auto line = buffer_.substr(0, end);
                buffer_.erase(0, end + 1);
                return line;
            }
            char piece[65536];
            const auto got = recv(fd_.get(), piece, sizeof piece, 0);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0)
                return Error{got == 0 ? "the daemon closed the connection" : "the daemon does not answer", {}, {}};
            buffer_.append(piece, static_cast<std::size_t>(got));
        }
    }

  private:
    Fd fd_;
    std::string buffer_;
};

}  // namespace

Result<std::unique_ptr<LocalClient>> LocalClient::connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return Error{"the path of the control socket is too long", path, "at most 107 octets"};
    std::memcpy(address.sun_path, path.c_str(), path.size());
    Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval limit{30, 0};
    if (fd) setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (fd) setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (!fd || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        return Error{std::strerror(errno), path, {}};
    return std::unique_ptr<LocalClient>(std::make_unique<Client>(std::move(fd)));
}

GivenFile::~GivenFile() { close(descriptor_); }

Result<std::string> GivenFile::read(const std::string& name, std::size_t limit) const {
    struct stat info {};
    // Whatever else it is may never end.
    if (fstat(descriptor_, &info) != 0 || !S_ISREG(info.st_mode)) return Error{"it is no file", name, {}};
    if (info.st_size > static_cast<off_t>(limit))
        return Error{"larger than " + std::to_string(limit >> 20) + " MiB", name, {}};
    std::string out(static_cast<std::size_t>(info.st_size), 0);
    for (std::size_t at = 0; at < out.size();) {
        const auto got = pread(descriptor_, out.data() + at, out.size() - at, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error{std::strerror(errno), name, "it is to be open for reading"};
        if (got == 0) out.resize(at);
        at += static_cast<std::size_t>(got);
    }
    return out;
}

Received receive_now(int native_socket, std::span<char> into) {
    Received out;
    Fd descriptor;
    const auto got = receive(native_socket, into.data(), into.size(), &descriptor, MSG_DONTWAIT);
    out.is_over = got == 0 || (got < 0 && errno != EAGAIN);
    if (got > 0) out.size = static_cast<std::size_t>(got);
    if (descriptor) out.file = std::make_shared<const GivenFile>(descriptor.release());
    return out;
}

Result<std::uint32_t> peer_account(int native_socket) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(native_socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return Error{std::strerror(errno), {}, {}};
    return static_cast<std::uint32_t>(credentials.uid);
}

std::string control_address(const std::string& data) {
    return data.empty() ? "/run/hort/control.sock" : data + "/control.sock";
}

}  // namespace hort::platform
