// Whether a person watches standard error, and how wide the window is.
#pragma once

#include <optional>
#include <string>

namespace hort::platform {
// Columns; 0 when standard error is no terminal.
int terminal_width();
// Whether standard output is a terminal that shows colours (and NO_COLOR does not forbid them, https://no-color.org).
bool has_colour();
// Asks on the terminal and does not show what is typed; reads a line of standard input where there is none.
// nullopt at the end of the input.
std::optional<std::string> ask_secret(const std::string& question);
}  // namespace hort::platform
