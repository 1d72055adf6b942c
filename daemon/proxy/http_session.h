// One client of the proxy: its requests in order, each decided before anything goes upstream.
#pragma once

#include "daemon/asio.h"
#include "daemon/proxy/judge.h"
#include "daemon/proxy/session_parts.h"

namespace hort::proxy {

asio::awaitable<void> serve_session(asio::ip::tcp::socket client, std::shared_ptr<const SessionParts> parts,
                                    Arrival arrival);

}  // namespace hort::proxy
