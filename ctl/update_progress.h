// Shows a running update of lists until it ends: a bar on a terminal, and a line for each list.
#pragma once

#include <cstdint>
#include <string>

#include "ctl/client.h"

namespace hort::ctl {

// Asks the daemon how far it is, on a connection that is open. Returns whether every list is in force.
bool follow_update(Client& client);

// "[#####.....] 2/7 1.3 of 4.0 MiB", at most `width` columns.
std::string progress_bar(std::size_t done, std::size_t total, std::uint64_t received, std::uint64_t expected,
                         int width);

}  // namespace hort::ctl
