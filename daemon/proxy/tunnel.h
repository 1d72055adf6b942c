// Tunnel: octets in both directions until both sides have ended; back-pressure by reading only what was written on.
#pragma once

#include <functional>

#include "daemon/proxy/stream.h"
#include "daemon/proxy/watchdog.h"

namespace hort::proxy {

// What stands in the buffers of the streams goes on first. Half-closes are passed on. `moved` is called whenever octets
// passed. A tunnel that moves much is handed to the kernel; one that rests holds no buffer.
asio::awaitable<void> run_tunnel(Stream& client, Stream& server, Watchdog& watchdog,
                                 const std::function<void()>& moved);

}  // namespace hort::proxy
