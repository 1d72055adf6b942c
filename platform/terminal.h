// Whether a person watches standard error, and how wide the window is.
#pragma once

namespace hort::platform {
// Columns; 0 when standard error is no terminal.
int terminal_width();
}  // namespace hort::platform
