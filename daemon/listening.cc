#include "daemon/listening.h"

#include <boost/asio/ip/v6_only.hpp>

namespace hort {

using asio::ip::tcp;

Result<tcp::acceptor> listen_at(asio::io_context& io, const platform::Endpoint& place, const std::string& what,
                                const std::string& hint) {
    const tcp::endpoint endpoint(to_asio(place.address), place.port);
    tcp::acceptor out(io);
    error_code fault;
    out.open(endpoint.protocol(), fault);
    if (!fault) out.set_option(tcp::acceptor::reuse_address(true), fault);
    if (!fault && endpoint.protocol() == tcp::v6()) out.set_option(asio::ip::v6_only(true), fault);
    if (!fault) out.bind(endpoint, fault);
    if (!fault) out.listen(1024, fault);
    if (fault) return Error{"cannot listen " + what + ": " + fault.message(), place.text(), hint};
    return out;
}

Result<std::uint16_t> open_on_loopback(const std::function<Result<std::uint16_t>(const platform::Endpoint&)>& open,
                                       const std::function<void()>& undo) {
    constexpr int attempts = 16;
    Error last;
    for (int i = 0; i < attempts; ++i) {
        auto port = open({*platform::parse_address("127.0.0.1"), 0});
        if (port) port = open({*platform::parse_address("::1"), *port});
        if (port) return port;
        last = port.error();
        undo();
    }
    return last;
}

}  // namespace hort
