// Where a connection was to lead before the firewall sent it here (netfilter's REDIRECT).
#pragma once

#include <optional>

#include "platform/endpoint.h"

namespace hort::platform {

// Of an accepted TCP socket. Empty when nothing redirected it. (SO_ORIGINAL_DST, IP6T_SO_ORIGINAL_DST: ip(7) and
// linux/netfilter_ipv4.h.)
std::optional<Endpoint> original_destination(int socket);

}  // namespace hort::platform
