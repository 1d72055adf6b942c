#include <windows.h>

#include "rules/idna.h"

namespace hort::idna {
namespace {

Result<std::wstring> widen(std::string_view utf8) {
    const int size =
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8.data(), static_cast<int>(utf8.size()), nullptr, 0);
    if (size <= 0) return Error{"not a valid international name: invalid UTF-8", {}, {}};
    std::wstring out(static_cast<std::size_t>(size), L'\0');
    MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8.data(), static_cast<int>(utf8.size()), out.data(), size);
    return out;
}

}  // namespace

Result<std::string> to_ascii(std::string_view utf8) {
    if (utf8.find('\0') != std::string_view::npos) return Error{"a NUL octet may not stand in a host name", {}, {}};
    const auto wide = widen(utf8);
    if (!wide) return wide.error();
    wchar_t out[512];
    const int length = IdnToAscii(0, wide->data(), static_cast<int>(wide->size()), out, 512);
    if (length <= 0) return Error{"not a valid international name", {}, {}};
    std::string ascii;
    for (int i = 0; i < length; ++i) ascii += static_cast<char>(out[i] >= 'A' && out[i] <= 'Z' ? out[i] + 32 : out[i]);
    return ascii;
}

bool is_valid_a_form(std::string_view ascii) {
    const auto wide = widen(ascii);
    if (!wide) return false;
    wchar_t unicode[512];
    const int length = IdnToUnicode(0, wide->data(), static_cast<int>(wide->size()), unicode, 512);
    if (length <= 0) return false;
    wchar_t back[512];
    const int back_length = IdnToAscii(0, unicode, length, back, 512);
    if (back_length != static_cast<int>(ascii.size())) return false;
    for (int i = 0; i < back_length; ++i)
        if (back[i] != static_cast<unsigned char>(ascii[i])) return false;
    return true;
}

}  // namespace hort::idna
