// What the beginning of an executable file says of it. Passive; the octets are anybody's.
// https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.intro.html (program headers, notes)
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace hort::platform {

struct ExecutableHead {
    bool is_elf = false;
    bool is_dynamic = false;  // it names a loader (PT_INTERP)
    std::string build_id;     // of its note NT_GNU_BUILD_ID, in octets; empty: none within what was given
};

// The first 64 KiB are enough for what linkers write.
ExecutableHead read_executable(std::span<const std::uint8_t> beginning);

}  // namespace hort::platform
