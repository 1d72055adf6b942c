#include <idn2.h>

#include <memory>

#include "rules/idna.h"

namespace hort::idna {
namespace {
struct Free {
    void operator()(char* text) const { idn2_free(text); }
};
using Text = std::unique_ptr<char, Free>;
constexpr int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
}  // namespace

Result<std::string> to_ascii(std::string_view utf8) {
    if (utf8.find('\0') != std::string_view::npos) return Error{"a NUL octet may not stand in a host name", {}, {}};
    char* out = nullptr;
    const int rc = idn2_to_ascii_8z(std::string(utf8).c_str(), &out, flags);
    const Text owned(out);
    if (rc != IDN2_OK) return Error{std::string("not a valid international name: ") + idn2_strerror(rc), {}, {}};
    return std::string(out);
}

bool is_valid_a_form(std::string_view ascii) {
    char* unicode = nullptr;
    const int rc = idn2_to_unicode_8z8z(std::string(ascii).c_str(), &unicode, 0);
    const Text owned(unicode);
    if (rc != IDN2_OK) return false;
    const auto back = to_ascii(unicode);
    return back && *back == ascii;
}

}  // namespace hort::idna
