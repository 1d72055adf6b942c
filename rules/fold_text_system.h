// What fold_text takes from the system's library.
#pragma once

#include <string>
#include <string_view>

namespace hort {

// NFKC and case folding. REQUIRES: UTF-8.
std::string system_folded(std::string_view utf8);

}  // namespace hort
