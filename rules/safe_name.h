// Names and paths in rule files and bundles, as far as they become names of files: one place decides what is safe.
#pragma once

#include <algorithm>
#include <string_view>

namespace hort {

// 1 to 64 lower-case letters, digits, '-', '_' and '.'; the first is neither '-' nor '.'.
inline bool is_safe_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && text.front() != '-' && text.front() != '.' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
           });
}

// A path of at most 200 octets that stays below its folder, on any system: not absolute, no empty, "." or ".." part, no
// backslash, colon or control octet.
inline bool is_safe_path(std::string_view path) {
    if (path.empty() || path.size() > 200 || path.find_first_of("\\:") != std::string_view::npos) return false;
    for (std::size_t begin = 0; begin <= path.size();) {
        auto end = path.find('/', begin);
        if (end == std::string_view::npos) end = path.size();
        const auto part = path.substr(begin, end - begin);
        if (part.empty() || part == "." || part == "..") return false;
        begin = end + 1;
    }
    return std::none_of(path.begin(), path.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace hort
