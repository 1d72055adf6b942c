#include <windows.h>

#include <vector>

#include "rules/fold_text_system.h"

namespace hort {
namespace {

std::wstring widened(std::string_view utf8) {
    const int given = static_cast<int>(utf8.size());
    std::wstring out(static_cast<std::size_t>(MultiByteToWideChar(CP_UTF8, 0, utf8.data(), given, nullptr, 0)), L'\0');
    MultiByteToWideChar(CP_UTF8, 0, utf8.data(), given, out.data(), static_cast<int>(out.size()));
    return out;
}

std::string narrowed(const std::wstring& wide) {
    const int given = static_cast<int>(wide.size());
    const int size = WideCharToMultiByte(CP_UTF8, 0, wide.data(), given, nullptr, 0, nullptr, nullptr);
    std::string out(static_cast<std::size_t>(size), '\0');
    WideCharToMultiByte(CP_UTF8, 0, wide.data(), given, out.data(), size, nullptr, nullptr);
    return out;
}

}  // namespace

// Windows has lower case where Unicode folds: the two differ in letters such as the German sharp s alone.
std::string system_folded(std::string_view utf8) {
    auto wide = widened(utf8);
    const int given = static_cast<int>(wide.size());
    std::wstring normal(wide.size() * 4 + 16, L'\0');
    const int size =
        NormalizeString(NormalizationKC, wide.data(), given, normal.data(), static_cast<int>(normal.size()));
    if (size > 0) {
        normal.resize(static_cast<std::size_t>(size));
        wide = std::move(normal);
    }
    std::wstring lower(wide.size(), L'\0');
    const int lower_size =
        LCMapStringEx(LOCALE_NAME_INVARIANT, LCMAP_LOWERCASE, wide.data(), static_cast<int>(wide.size()), lower.data(),
                      static_cast<int>(lower.size()), nullptr, nullptr, 0);
    return narrowed(lower_size > 0 ? lower : wide);
}

}  // namespace hort
