// The manual page of hortctl, hortctl(1), in man(7) macros, made from the command table so that it is always true.
#pragma once

#include <string>

namespace hort::ctl {
std::string manual_page();
}
