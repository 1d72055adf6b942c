// Tunnel: bytes in both directions until both sides have ended; back-pressure by reading only what was written on.
#pragma once

#include <functional>

#include "daemon/asio.h"
#include "daemon/proxy/watchdog.h"

namespace hort::proxy {

// `early` are octets that the client sent behind its CONNECT. Half-closes are passed on.
// `moved` is called whenever octets passed.
asio::awaitable<void> run_tunnel(asio::ip::tcp::socket& client, asio::ip::tcp::socket& server, std::string early,
                                 Watchdog& watchdog, const std::function<void()>& moved);

}  // namespace hort::proxy
