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

}  // namespace hort
