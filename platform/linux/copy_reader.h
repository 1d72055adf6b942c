// What CopyGuard knows files by, and the thread that reads them.
#pragma once

#include <sys/types.h>

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/executable.h"
#include "platform/linux/fd.h"

struct stat;

namespace hort::platform {

// A file that changes changes its time of change, which nobody can set.
struct Inode {
    dev_t device = 0;
    ino_t number = 0;
    off_t size = 0;
    std::int64_t changed_seconds = 0, changed_nanoseconds = 0;
    friend auto operator<=>(const Inode&, const Inode&) = default;
};
Inode inode_of(const struct stat& info);

// What copies are known by. Immutable once it is asked.
struct Originals {
    struct Original {
        off_t size = 0;
        std::string build_id;
        std::array<std::uint8_t, 32> digest{};  // SHA-256 of the first 64 MiB
        std::string program;
        friend bool operator==(const Original&, const Original&) = default;
    };
    std::vector<Original> all;

    std::vector<std::string> programs() const;
};

// What was found out about a file.
struct Known {
    std::vector<std::string> programs;  // that it is a copy of
    bool is_dynamic = false;            // the kernel opens its loader after it
    bool is_loader = false;             // runs the file that it is told to
};

// Looks into files. For one thread: it reads into a buffer that is made once, since the pages of a fresh one cost more
// than what is read into them.
class CopyFinder {
  public:
    CopyFinder();
    // What its copies are known by. nullopt: it cannot be read.
    std::optional<Originals::Original> original_of(int file, off_t size, std::string program);
    Known look(const Originals& originals, int file, off_t size);
    // Where what is in memory already says it; nullopt: it would have to wait, or to work for others to wait.
    std::optional<Known> look_at_once(const Originals& originals, int file, off_t size);

  private:
    ssize_t read_at(int file, std::size_t size, off_t at);
    ExecutableHead head_of(int file, off_t size);
    bool is_loader(int file, const ExecutableHead& head);
    std::optional<std::array<std::uint8_t, 32>> digest_of(int file);
    std::vector<std::string> copies_of(const Originals& originals, int file, off_t size, const std::string& build_id);

    std::vector<std::uint8_t> buffer_;
    bool is_waiting_allowed_ = true, would_wait_ = false;
};

// Reads files on a thread of its own, which a file system may keep waiting for ever: then it is left behind.
class CopyReader {
  public:
    struct Job {
        std::uint64_t id = 0;
        Fd file;
        Inode inode;
    };
    struct Found {
        std::uint64_t id = 0;
        Inode inode;
        std::shared_ptr<const Originals> by;
        Known known;
    };

    CopyReader();
    ~CopyReader();
    CopyReader(const CopyReader&) = delete;
    CopyReader& operator=(const CopyReader&) = delete;

    // Becomes readable when something was found.
    int descriptor() const;
    void set(std::shared_ptr<const Originals> originals);
    // `somebody_waits`: before those for which nobody does. False: there are too many already.
    bool add(Job job, bool somebody_waits);
    std::vector<Found> take();

  private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

}  // namespace hort::platform
