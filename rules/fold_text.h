// Text of any language in the form in which it is compared: case and compatibility forms folded (Unicode NFKC and case
// folding: UAX 15, UAX 44), what is not seen dropped. libunistring on Linux, NormalizeString on Windows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hort {

// Octets that are no UTF-8 are taken for Latin-1: who writes so is understood by browsers, too.
std::string folded(std::string_view utf8);

// Appends a code point in UTF-8; nothing where it is none (0, halves of pairs, beyond Unicode).
void append_utf8(std::string& out, std::uint32_t c);

// The words of a text that is folded: letters and digits of any script.
std::vector<std::string_view> words_of(std::string_view folded);

// Does a script stand in it that puts no blanks between words (Thai, Chinese, Japanese, ...)?
bool has_no_blanks(std::string_view folded);

}  // namespace hort
