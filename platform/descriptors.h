// How many files and connections this process may have open.
#pragma once

#include <cstddef>

namespace hort::platform {

// Raises the limit to what the system allows (RLIMIT_NOFILE; the usual 1,024 are for programs that use select(2)), and
// returns it.
std::size_t allow_many_descriptors();

}  // namespace hort::platform
