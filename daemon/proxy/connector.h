// Opens a connection to a host: its addresses one after the other, each with a time limit.
#pragma once

#include "daemon/asio.h"
#include "daemon/daemon.h"

namespace hort::proxy {

struct Connected {
    asio::ip::tcp::socket socket;
    int status = 0;  // of the error page when it failed: 502, 504 or 508
};

// `host` is a host name or an IP address. `own` is the proxy's own listener, which is never connected to.
asio::awaitable<Connected> connect_to(NameResolver& resolver, std::string host, std::uint16_t port,
                                      platform::Endpoint own);

}  // namespace hort::proxy
