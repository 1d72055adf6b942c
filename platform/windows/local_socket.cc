#include "platform/local_socket.h"

#include <windows.h>

#include <algorithm>

namespace hort::platform {
namespace {

std::string last_error() { return "Windows error " + std::to_string(GetLastError()); }

class Client final : public LocalClient {
  public:
    explicit Client(HANDLE pipe) : pipe_(pipe) {}
    ~Client() override { CloseHandle(pipe_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    Status send_line(const std::string& line, const std::string&) override {
        const std::string text = line + "\n";
        for (std::size_t at = 0; at < text.size();) {
            DWORD put = 0;
            if (!WriteFile(pipe_, text.data() + at, static_cast<DWORD>(text.size() - at), &put, nullptr))
                return Error{"the daemon closed the connection: " + last_error(), {}, {}};
            at += put;
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
            char piece[4096];
            DWORD got = 0;
            if (!ReadFile(pipe_, piece, sizeof piece, &got, nullptr) || got == 0)
                return Error{"the daemon closed the connection", {}, {}};
            buffer_.append(piece, got);
        }
    }

  private:
    HANDLE pipe_;
    std::string buffer_;
};

}  // namespace

Result<std::unique_ptr<LocalClient>> LocalClient::connect(const std::string& name) {
    const HANDLE pipe = CreateFileA(name.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING, 0, nullptr);
    if (pipe == INVALID_HANDLE_VALUE) return Error{last_error(), name, {}};
    return std::unique_ptr<LocalClient>(std::make_unique<Client>(pipe));
}

std::string control_address(const std::string& data) {
    std::string suffix = data;
    std::replace(suffix.begin(), suffix.end(), '\\', '_');  // a pipe's name holds no backslash
    std::replace(suffix.begin(), suffix.end(), '/', '_');
    return "\\\\.\\pipe\\hort-control" + (suffix.empty() ? "" : "-" + suffix);
}

}  // namespace hort::platform
