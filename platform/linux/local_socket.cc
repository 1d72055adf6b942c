#include "platform/local_socket.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "platform/linux/fd.h"

namespace hort::platform {
namespace {

class Client final : public LocalClient {
  public:
    explicit Client(Fd fd) : fd_(std::move(fd)) {}

    Status send_line(const std::string& line) override {
        const std::string text = line + "\n";
        for (std::size_t at = 0; at < text.size();) {
            const auto put = ::send(fd_.get(), text.data() + at, text.size() - at, MSG_NOSIGNAL);
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) return Error{std::string("the daemon closed the connection: ") + std::strerror(errno), {}, {}};
            at += static_cast<std::size_t>(put);
        }
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
