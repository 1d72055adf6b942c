#pragma once

#include <string_view>

namespace hort {
inline constexpr std::string_view version = HORT_VERSION;
}
