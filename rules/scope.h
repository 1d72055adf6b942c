// How far an entry of a list reaches.
#pragma once

#include <cstdint>

namespace hort {

enum class Scope : std::uint8_t {
    exact,    // this name only (a hosts file)
    subtree,  // this name and all below it (a plain domain list)
    below,    // all below it, not the name itself (an RPZ wildcard)
};

}  // namespace hort
