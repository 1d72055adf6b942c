#include "platform/splice.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace hort::platform {
namespace {

constexpr std::size_t pipe_size = 1 << 20;
// Each takes two descriptors; whoever gets none copies.
constexpr int max_pipes = 512;
int pipes = 0;  // on one thread

class LinuxSplice final : public Splice {
  public:
    LinuxSplice(int read_end, int write_end) : read_end_(read_end), write_end_(write_end) { ++pipes; }
    ~LinuxSplice() override {
        close(read_end_);
        close(write_end_);
        --pipes;
    }
    LinuxSplice(const LinuxSplice&) = delete;
    LinuxSplice& operator=(const LinuxSplice&) = delete;

    Step move(int source, int sink, std::size_t most) override {
        if (held_ == 0) {
            const auto got = splice(source, nullptr, write_end_, nullptr, std::min(most, pipe_size),
                                    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
            if (got == 0) return {Outcome::ended};
            if (got < 0) return {errno == EAGAIN || errno == EINTR ? Outcome::source_empty : Outcome::failed};
            held_ = static_cast<std::size_t>(got);
        }
        const auto put = splice(read_end_, nullptr, sink, nullptr, held_, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (put < 0) return {errno == EAGAIN || errno == EINTR ? Outcome::sink_full : Outcome::failed};
        held_ -= static_cast<std::size_t>(put);
        return {Outcome::moved, static_cast<std::size_t>(put)};
    }

  private:
    const int read_end_, write_end_;
    std::size_t held_ = 0;  // in the pipe
};

}  // namespace

std::unique_ptr<Splice> Splice::make() {
    int ends[2];
    if (pipes >= max_pipes || pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return nullptr;
    // Where the system grants less, a pipe of the usual size does.
    (void)fcntl(ends[0], F_SETPIPE_SZ, static_cast<int>(pipe_size));
    return std::make_unique<LinuxSplice>(ends[0], ends[1]);
}

}  // namespace hort::platform
