// The public suffix list: names below which anybody may register (co.uk), and platforms that hand out names
// (github.io). Source: https://publicsuffix.org/list/
#pragma once

#include "rules/hostname.h"

namespace hort {

enum class PublicSuffix : std::uint8_t {
    none,
    registry,  // the section of the registries ("ICANN")
    platform,  // the private section: hosting and dynamic names
};

PublicSuffix public_suffix(const Hostname& host);

}  // namespace hort
