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
    // ET_DYN without a loader of its own: a program that needs none, a library, or a loader. Its dynamic section tells.
    bool is_shared = false;
    std::uint64_t dynamic_offset = 0, dynamic_size = 0;  // in the file, octets; of PT_DYNAMIC
    bool is_64 = false;
};

// The first 64 KiB are enough for what linkers write.
ExecutableHead read_executable(std::span<const std::uint8_t> beginning);

// Whether a dynamic section says that the file is a program: linkers write so into those that need no loader
// (DF_1_PIE). What is shared and says otherwise runs other files when it is started by itself, as loaders do.
bool is_said_to_be_program(std::span<const std::uint8_t> dynamic_section, bool is_64);

}  // namespace hort::platform
