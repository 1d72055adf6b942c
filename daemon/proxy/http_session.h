// One client of the proxy: its requests in order, each decided before anything goes upstream.
#pragma once

#include "daemon/asio.h"
#include "daemon/proxy/session_parts.h"

namespace hort::proxy {

// `is_redirected`: it names no proxy, the firewall sent it here.
asio::awaitable<void> serve_session(asio::ip::tcp::socket client, std::shared_ptr<const SessionParts> parts,
                                    bool is_redirected);

}  // namespace hort::proxy
