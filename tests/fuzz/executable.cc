// Octets as the beginning of an executable file, and as its dynamic section.
#include "platform/executable.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto head = hort::platform::read_executable({data, size});
    if (head.build_id.size() > 64 || (!head.is_elf && (head.is_dynamic || head.is_shared || !head.build_id.empty())))
        std::abort();
    (void)hort::platform::is_said_to_be_program({data, size}, size % 2 == 0);
    return 0;
}
