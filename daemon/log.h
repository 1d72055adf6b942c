// Structured log lines on stderr, with the priority prefix that journald reads (sd-daemon(3)).
//
// No line ever holds a host name that a client asked for, unless the owner switched that on.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace hort {

enum class Level { error = 3, warning = 4, info = 6 };

// One line: <6>event key="value" ... Any thread.
void log_line(Level level, std::string_view event,
              std::initializer_list<std::pair<std::string_view, std::string>> fields = {});

}  // namespace hort
