// The public suffix list: names below which anybody may register (co.uk), and platforms that hand out names
// (github.io). The list ships with Hort: a distribution's copy is years old, and Windows has none.
// Source: https://publicsuffix.org/list/
#pragma once

#include "rules/hostname.h"

namespace hort {

enum class PublicSuffix : std::uint8_t {
    none,
    registry,  // the section of the registries ("ICANN")
    platform,  // the private section: hosting and dynamic names
};

// Whether `host` itself is one. A single label that the list does not know is none.
PublicSuffix public_suffix(const Hostname& host);

}  // namespace hort
