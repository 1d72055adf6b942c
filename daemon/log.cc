#include "daemon/log.h"

#include <unistd.h>

namespace hort {

void log_line(Level level, std::string_view event,
              std::initializer_list<std::pair<std::string_view, std::string>> fields) {
    std::string line = "<" + std::to_string(static_cast<int>(level)) + ">" + std::string(event);
    for (const auto& [key, value] : fields) {
        line += " " + std::string(key) + "=\"";
        for (const char c : value) {
            if (c == '"' || c == '\\') line += '\\';
            line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
        line += '"';
    }
    line += '\n';
    // One write, so that lines of several threads do not mix. A log that cannot be written has no one to tell.
    [[maybe_unused]] const auto put = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace hort
