// Conversion between U-labels and A-labels (RFC 5891): libidn2 on Linux, IdnToAscii on Windows.
#pragma once

#include <string>
#include <string_view>

#include "rules/result.h"

namespace hort::idna {

// UTF-8 host name to its A-label form. Fails on invalid UTF-8 and on code points that IDNA 2008 refuses.
Result<std::string> to_ascii(std::string_view utf8);

// Does every xn-- label of this lower-case ASCII name decode, and encode back to itself?
bool is_valid_a_form(std::string_view ascii);

}  // namespace hort::idna
