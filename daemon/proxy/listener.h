// Accepts the clients of the explicit HTTP proxy.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "daemon/daemon.h"
#include "rules/result.h"

namespace hort::proxy {

class Listener {
  public:
    static constexpr std::size_t max_clients = 10000;

    static Result<std::unique_ptr<Listener>> start(boost::asio::io_context& io, const platform::Endpoint& listen,
                                                   const PolicyInForce& policy, NameResolver& resolver,
                                                   DecisionLog& log, Counters& counters, TrafficMeter& meter);
    virtual ~Listener() = default;
    virtual platform::Endpoint local() const = 0;
    // Another policy is in force, or another time on the wall: ends what is not allowed any more.
    virtual void recheck() = 0;
};

}  // namespace hort::proxy
