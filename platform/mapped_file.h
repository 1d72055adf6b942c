// Files that are read by mapping, and written so that a crash leaves the old or the new one, never half.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "rules/ruleset.h"

namespace hort::platform {

// Maps a whole file for reading. The mapping lives as long as the result; the file must not be truncated
// meanwhile (ours are only ever replaced by rename).
Result<std::unique_ptr<ImageBytes>> map_file(const std::string& path);

// Reads a whole file of at most `limit` bytes.
Result<std::string> read_file(const std::string& path, std::size_t limit);

enum class Readers : std::uint8_t {
    owner,     // mode 0600
    everyone,  // 0666 less the umask: what is made for passing on, such as a bundle on a web server
};

// Temporary file in the same folder, fsync, rename, fsync of the folder.
Status write_file_atomically(const std::string& path, std::span<const std::byte> bytes,
                             Readers readers = Readers::owner);

}  // namespace hort::platform
