// The web server of this machine: /metrics. On the io_context's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "daemon/web/metrics.h"
#include "platform/endpoint.h"

namespace hort::web {

class Server {
  public:
    static constexpr std::size_t max_clients = 16;

    // `place` is a loopback address; what `parts` refer to outlives this.
    static Result<std::unique_ptr<Server>> start(boost::asio::io_context& io, const platform::Endpoint& place,
                                                 const MetricsParts& parts);
    virtual ~Server() = default;  // stops all
    virtual platform::Endpoint local() const = 0;
};

}  // namespace hort::web
