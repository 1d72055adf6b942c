// Octets as a desktop file.
#include <cstdlib>

#include "daemon/applications.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = hort::parse_desktop_file({reinterpret_cast<const char*>(data), size});
    if (file && (file->title.empty() || file->title.size() > 200 || file->program.find('/') != std::string::npos))
        std::abort();
    return 0;
}
