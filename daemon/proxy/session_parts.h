// What all sessions of the proxy share. Connections outlive the listener at the end of the daemon, so it is shared,
// too.
#pragma once

#include <memory>

#include "daemon/daemon.h"
#include "daemon/proxy/ask_form.h"
#include "daemon/proxy/connector.h"
#include "daemon/proxy/interceptor.h"
#include "daemon/proxy/live_connections.h"
#include "daemon/proxy/settings.h"
#include "daemon/proxy/upstream_pool.h"
#include "daemon/refusals.h"

namespace hort::proxy {

struct SessionParts {
    const PolicyInForce& policy;
    NameResolver& resolver;
    Refusals& log;  // which is told of decisions, and tells a person's own
    Counters& counters;
    TrafficMeter& meter;
    std::shared_ptr<LiveConnections> live;
    std::shared_ptr<UpstreamPool> pool;
    std::shared_ptr<FailedLately> failed_lately;
    std::shared_ptr<const AskTokens> ask_tokens;
    AskDesk& ask_desk;
    Interceptor* interceptor;  // of the daemon, which outlives it; nullptr: nothing is looked into
    Settings settings;
};

}  // namespace hort::proxy
