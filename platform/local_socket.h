// The local channel between hortctl and hortd: a Unix socket on Linux, a named pipe on Windows.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "rules/result.h"

namespace hort::platform {

// A client's end, blocking: it sends a line and waits for a line.
class LocalClient {
  public:
    virtual ~LocalClient() = default;
    // `address` is a socket's path, or a pipe's name (\\.\pipe\...) on Windows.
    static Result<std::unique_ptr<LocalClient>> connect(const std::string& address);

    // `line` without its end mark. Fails when the other end is gone or silent for 30 s. `file`: goes with it, open
    // (Linux): the daemon may not be able to open what its caller may.
    virtual Status send_line(const std::string& line, const std::string& file = {}) = 0;
    virtual Result<std::string> receive_line() = 0;
};

// A file that came open with a line. POSIX only, as all that follows of descriptors.
class GivenFile {
  public:
    explicit GivenFile(int descriptor) : descriptor_(descriptor) {}
    ~GivenFile();
    GivenFile(const GivenFile&) = delete;
    GivenFile& operator=(const GivenFile&) = delete;
    // All of it, of at most `limit` octets, from its beginning. `name`: for the message of an error.
    Result<std::string> read(const std::string& name, std::size_t limit) const;

  private:
    const int descriptor_;
};

// The server's end: what has come by now, and a file when one came with it. 0 octets: nothing has.
struct Received {
    std::size_t size = 0;
    bool is_over = false;  // the other end is gone
    std::shared_ptr<const GivenFile> file;
};
Received receive_now(int native_socket, std::span<char> into);

// The OS account at the other end of an accepted connection, told by the kernel. POSIX only: `native_socket`
// is a file descriptor.
Result<std::uint32_t> peer_account(int native_socket);

// Where the daemon of a data folder listens, and of the installed service when `data` is empty.
std::string control_address(const std::string& data);

}  // namespace hort::platform
