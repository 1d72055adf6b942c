#include "rules/fold_text.h"

#include <cstdint>

#include "rules/ascii.h"
#include "rules/fold_text_system.h"

namespace hort {
namespace {

struct CodePoint {
    std::uint32_t value = 0;
    std::size_t size = 0;  // octets; 0: not UTF-8
};

// RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.
CodePoint code_point(std::string_view text) {
    const auto at = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
    };
    const std::uint32_t first = at(0);
    if (first < 0x80) return {first, 1};
    const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || size > text.size()) return {};
    std::uint32_t value = first & (0xff >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if ((at(i) & 0xc0) != 0x80) return {};
        value = value << 6 | (at(i) & 0x3fu);
    }
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[size] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return {};
    return {value, size};
}

// Soft hyphen, joiners, direction marks, variation selectors, the byte order mark.
bool is_unseen(std::uint32_t c) {
    return c == 0xad || c == 0x034f || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff;
}

bool is_of_a_word(std::uint32_t c) {
    if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return c >= 0xc0 && c != 0xd7 && c != 0xf7 && !(c >= 0x2000 && c <= 0x206f) && !(c >= 0x2e00 && c <= 0x2e7f) &&
           !(c >= 0x3000 && c <= 0x3004) && !(c >= 0x3008 && c <= 0x3020) && !(c >= 0xff00 && c <= 0xff0f);
}

}  // namespace

void append_utf8(std::string& out, std::uint32_t c) {
    if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return;
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0 | c >> 6);
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xe0 | c >> 12);
        out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | c >> 18);
        out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
        out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    }
}

std::string folded(std::string_view utf8) {
    std::string seen;
    bool is_ascii = true;
    for (std::size_t i = 0; i < utf8.size();) {
        const auto point = code_point(utf8.substr(i));
        if (point.size == 0) {
            const auto c = static_cast<unsigned char>(utf8[i++]);
            if (!is_unseen(c)) append_utf8(seen, c);
            is_ascii = false;
            continue;
        }
        if (!is_unseen(point.value)) seen.append(utf8, i, point.size);
        is_ascii = is_ascii && point.size == 1;
        i += point.size;
    }
    if (!is_ascii) return system_folded(seen);
    return lower(seen);
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> out;
    std::size_t begin = 0, at = 0;
    const auto end_word = [&] {
        if (at > begin) out.push_back(text.substr(begin, at - begin));
    };
    while (at < text.size()) {
        const auto point = code_point(text.substr(at));
        const auto size = point.size == 0 ? 1 : point.size;
        if (point.size != 0 && is_of_a_word(point.value)) {
            at += size;
            continue;
        }
        end_word();
        at += size;
        begin = at;
    }
    end_word();
    return out;
}

bool has_no_blanks(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto point = code_point(text.substr(i));
        const auto c = point.value;
        if ((c >= 0x0e00 && c <= 0x0eff) || (c >= 0x1000 && c <= 0x109f) || (c >= 0x1780 && c <= 0x17ff) ||
            (c >= 0x3040 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff))
            return true;
        i += point.size == 0 ? 1 : point.size;
    }
    return false;
}

}  // namespace hort
