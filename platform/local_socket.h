// The local channel between hortctl and hortd: a Unix socket on Linux, a named pipe on Windows.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "rules/result.h"

namespace hort::platform {

// A client's end, blocking: it sends a line and waits for a line.
class LocalClient {
  public:
    virtual ~LocalClient() = default;
    // `address` is a socket's path, or a pipe's name (\\.\pipe\...) on Windows.
    static Result<std::unique_ptr<LocalClient>> connect(const std::string& address);

    // `line` without its end mark. Fails when the other end is gone or silent for 30 s.
    virtual Status send_line(const std::string& line) = 0;
    virtual Result<std::string> receive_line() = 0;
};

// The OS account at the other end of an accepted connection, told by the kernel. POSIX only: `native_socket`
// is a file descriptor.
Result<std::uint32_t> peer_account(int native_socket);

// Where the daemon of a data folder listens, and of the installed service when `data` is empty.
std::string control_address(const std::string& data);

}  // namespace hort::platform
