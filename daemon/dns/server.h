// The DNS listeners: UDP on a thread of its own, TCP on the io_context; both hand what must be asked to the Forwarder.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <thread>

#include "daemon/dns/filter.h"
#include "daemon/dns/upstream/forwarder.h"
#include "platform/packet_io.h"

namespace hort::dns {

class Server : public NameResolver {
  public:
    static constexpr std::size_t max_tcp_clients = 200;

    // Binds UDP and TCP at `listen` (port 0: one free port for both).
    static Result<std::unique_ptr<Server>> start(boost::asio::io_context& io, const platform::Endpoint& listen,
                                                 std::vector<platform::Endpoint> upstreams, const PolicyInForce& policy,
                                                 DecisionLog& log, Counters& counters, TrafficMeter& meter);
    ~Server() override = default;  // stops both

    virtual platform::Endpoint local() const = 0;
    virtual const Cache& cache() const = 0;
};

}  // namespace hort::dns
