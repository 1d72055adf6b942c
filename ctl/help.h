// What 'hortctl help' says, from the table of commands.
#pragma once

#include <string>
#include <string_view>

namespace hort::ctl {

// The help of all commands, or of the ones whose names begin with `prefix`. Empty when there is none.
std::string help_text(std::string_view prefix);

}  // namespace hort::ctl
