// The data files of this folder as text, embedded at build time so that a binary is complete by itself.
#pragma once

#include <string_view>

namespace hort::data {

extern const std::string_view categories_json;
extern const std::string_view protected_help_json;

}  // namespace hort::data
