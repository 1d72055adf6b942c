// What processes have in their memory: their arguments and environment, as /proc tells them.
//
// A process can keep whoever reads it waiting for ever: one thread has the lock of its memory (mmap(2)), and waits for
// a file system of its own. So it is read on a thread that is left behind then.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace hort::platform {

// The beginning of a file in /proc, which ends nowhere by itself.
std::string beginning_of(const std::string& path);

class MemoryReader {
  public:
    struct Text {
        std::string arguments, environment;  // each part ends with NUL
    };
    // How long a process may keep its reader waiting.
    explicit MemoryReader(std::chrono::milliseconds limit) : limit_(limit) {}
    ~MemoryReader();
    MemoryReader(const MemoryReader&) = delete;
    MemoryReader& operator=(const MemoryReader&) = delete;

    // Of the process with this folder in /proc. nullopt: it takes too long, or another one of that account did, less
    // than a minute ago.
    std::optional<Text> read(const std::string& folder, std::uint32_t account);

  private:
    struct Shared;
    const std::chrono::milliseconds limit_;
    std::mutex mutex_;
    std::shared_ptr<Shared> shared_;
    std::shared_ptr<std::atomic<int>> left_behind_ = std::make_shared<std::atomic<int>>(0);  // threads
    std::map<std::uint32_t, std::chrono::steady_clock::time_point> resting_;                 // accounts
};

}  // namespace hort::platform
