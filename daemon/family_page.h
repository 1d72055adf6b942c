// The host name of the pages that Hort itself has for those who live with it. Source: RFC 8375 (home.arpa).
#pragma once

#include <string_view>

namespace hort {

inline constexpr std::string_view family_page = "hort.home.arpa";

}  // namespace hort
