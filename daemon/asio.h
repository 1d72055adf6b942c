// The parts of Boost.Asio that the daemon uses, precompiled once, and the conversions to our endpoints.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "platform/endpoint.h"

namespace hort {

namespace asio = boost::asio;
using boost::system::error_code;

inline asio::ip::address to_asio(const AddressBytes& bytes) {
    const asio::ip::address_v6 v6(bytes);
    return v6.is_v4_mapped() ? asio::ip::address(asio::ip::make_address_v4(asio::ip::v4_mapped, v6))
                             : asio::ip::address(v6);
}

template <typename AsioEndpoint>
platform::Endpoint from_asio(const AsioEndpoint& endpoint) {
    const auto address = endpoint.address();
    const auto v6 = address.is_v4() ? asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4()) : address.to_v6();
    return {v6.to_bytes(), endpoint.port()};
}

}  // namespace hort
