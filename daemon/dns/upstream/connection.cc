#include "daemon/dns/upstream/connection.h"

#include "daemon/pending_timer.h"

namespace hort::dns {
namespace {

using namespace asio::experimental::awaitable_operators;

asio::awaitable<bool> connect_socket(asio::ip::tcp::socket& socket, const platform::Endpoint& endpoint) {
    error_code fault;
    co_await socket.async_connect({to_asio(endpoint.address), endpoint.port},
                                  asio::redirect_error(asio::use_awaitable, fault));
    if (!fault) socket.set_option(asio::ip::tcp::no_delay(true), fault);
    co_return !fault;
}

}  // namespace

asio::awaitable<std::unique_ptr<ByteStream>> connect_to(const UpstreamAddress& address, asio::ssl::context& tls) {
    using Protocol = UpstreamAddress::Protocol;
    const auto executor = co_await asio::this_coro::executor;
    for (const auto& endpoint : address.endpoints) {
        asio::ip::tcp::socket socket(executor);
        asio::steady_timer timer(executor, connect_patience);
        const auto first = co_await (connect_socket(socket, endpoint) || wait_for(timer));
        if (first.index() != 0 || !std::get<0>(first)) continue;
        auto stream = address.protocol == Protocol::tcp
                          ? plain_stream(std::move(socket))
                          : tls_client(std::move(socket), tls,
                                       {address.name, address.pin, address.protocol == Protocol::https ? "h2" : "dot"});
        if (co_await within(connect_patience, *stream, stream->begin())) co_return stream;
    }
    co_return nullptr;
}

}  // namespace hort::dns
