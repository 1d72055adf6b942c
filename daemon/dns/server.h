// The DNS listeners: UDP on threads of its own; TCP, TLS and HTTPS on the io_context. What must be asked goes to the
// Forwarder.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "daemon/dns/filter.h"
#include "daemon/dns/settings.h"
#include "daemon/dns/upstream/forwarder.h"
#include "platform/packet_io.h"

namespace hort::dns {

using NamesInForce = InForce<LocalNames>;

// What the listeners share with the rest of the daemon; all of it outlives them.
struct ServerParts {
    const PolicyInForce& policy;
    const NamesInForce& names;
    DecisionLog& log;
    Counters& counters;
    TrafficMeter& meter;
};

class Server : public NameResolver, public DnsFront {
  public:
    static constexpr std::size_t max_stream_clients = 400;  // connections over TCP, TLS and HTTPS together

    // Binds UDP and TCP at the first of `listen` with port 0 to one free port for both.
    static Result<std::unique_ptr<Server>> start(boost::asio::io_context& io, const Settings& settings,
                                                 const ServerParts& parts);
    ~Server() override = default;  // stops all

    virtual platform::Endpoint local() const = 0;
    // Listens on this machine at a port where only this account's questions come, because the firewall leads them
    // there.
    virtual Result<std::uint16_t> listen_for(std::uint32_t account) = 0;
    // Reads the certificate anew; connections that are there keep the old one.
    virtual Status reload_certificate() = 0;
    // The listeners as others may find them (RFC 9462).
    virtual LocalNames::Designated designated() const = 0;
};

}  // namespace hort::dns
