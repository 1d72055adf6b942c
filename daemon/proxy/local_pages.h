// What the proxy says to those who ask it like a server.
#pragma once

#include <string>
#include <string_view>

#include "platform/endpoint.h"

namespace hort::proxy {

// A whole response for the path of a request; empty when there is no such page. `own`: where the client reached us.
// "/proxy.pac" and "/wpad.dat" tell a browser to use this proxy (proxy auto-config).
std::string local_page(std::string_view path, const platform::Endpoint& own);

}  // namespace hort::proxy
