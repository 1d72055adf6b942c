// One client of the explicit proxy: its requests in order, each decided before anything goes upstream.
#pragma once

#include "daemon/asio.h"
#include "daemon/daemon.h"
#include "daemon/proxy/live_connections.h"

namespace hort::proxy {

struct SessionParts {
    const PolicyInForce& policy;
    NameResolver& resolver;
    DecisionLog& log;
    Counters& counters;
    TrafficMeter& meter;
    std::shared_ptr<LiveConnections> live;
    platform::Endpoint own;  // the listener
};

asio::awaitable<void> serve_session(asio::ip::tcp::socket client, SessionParts parts);

}  // namespace hort::proxy
