// Moment: the clocks of a machine, taken together. Given by the caller; rules/ never reads a clock.
#pragma once

#include <cstdint>

namespace hort {

struct Moment {
    std::int64_t wall_seconds = 0;   // since 1970-01-01 UTC; jumps when the clock is set
    std::int64_t boot_seconds = 0;   // since the machine started, suspend included; never goes back
    std::int64_t awake_seconds = 0;  // the same without suspend: what is used up is counted on it
};

}  // namespace hort
