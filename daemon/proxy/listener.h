// Accepts the clients of the explicit HTTP proxy.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "daemon/daemon.h"
#include "daemon/proxy/interceptor.h"
#include "daemon/proxy/settings.h"
#include "daemon/refusals.h"
#include "rules/result.h"

namespace hort::proxy {

class Listener {
  public:
    static Result<std::unique_ptr<Listener>> start(boost::asio::io_context& io, Settings settings,
                                                   const PolicyInForce& policy, NameResolver& resolver, Refusals& log,
                                                   Counters& counters, TrafficMeter& meter, AskDesk& ask_desk,
                                                   Interceptor* interceptor);
    virtual ~Listener() = default;
    virtual platform::Endpoint local() const = 0;
    // Takes what the firewall sends of one account, at a port of its own on loopback, of IPv4 and IPv6. Says which.
    virtual Result<std::uint16_t> listen_for(std::uint32_t account) = 0;
    // Another policy is in force, or another time on the wall: ends what is not allowed any more.
    virtual void recheck() = 0;
};

}  // namespace hort::proxy
