// Octets as the beginning of an executable file.
#include "platform/executable.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto head = hort::platform::read_executable({data, size});
    if (head.build_id.size() > 64 || (!head.is_elf && (head.is_dynamic || !head.build_id.empty()))) std::abort();
    return 0;
}
