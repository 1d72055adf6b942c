#include "platform/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

namespace hort::platform {

int terminal_width() {
    winsize size{};
    if (isatty(STDERR_FILENO) == 0 || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace hort::platform
