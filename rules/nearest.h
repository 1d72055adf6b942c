// The nearest valid word to a mistyped one, for messages ("did you mean ...?").
#pragma once

#include <span>
#include <string_view>

namespace hort {

// The word with the smallest edit distance to `typed`, or empty when none is near (more than a third differs).
std::string_view nearest(std::string_view typed, std::span<const std::string_view> words);

}  // namespace hort
