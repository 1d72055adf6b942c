#include "daemon/proxy/connector.h"

#include "daemon/pending_timer.h"

namespace hort::proxy {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using asio::ip::tcp;
constexpr auto connect_limit = 10s;

asio::awaitable<std::vector<AddressBytes>> addresses_of(NameResolver& resolver, const std::string& host) {
    std::vector<AddressBytes> out;
    if (const auto literal = platform::parse_address(host)) {
        out.push_back(*literal);
        co_return out;
    }
    const auto name = Hostname::parse(host);
    if (!name) co_return out;
    // localhost never leaves the machine (RFC 6761 section 6.3).
    if (name->suffix(1) == "localhost") {
        out.push_back(*platform::parse_address("127.0.0.1"));
        out.push_back(*platform::parse_address("::1"));
        co_return out;
    }
    auto found = std::make_shared<std::vector<AddressBytes>>();
    auto ready =
        std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    auto is_done = std::make_shared<bool>(false);
    resolver.resolve(*name, [found, ready, is_done](std::vector<AddressBytes> addresses) {
        *found = std::move(addresses);
        *is_done = true;
        ready->cancel();
    });
    error_code ignored;
    if (!*is_done) co_await ready->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return *found;
}

}  // namespace

asio::awaitable<Connected> connect_to(NameResolver& resolver, std::string host, std::uint16_t port,
                                      platform::Endpoint own) {
    const auto executor = co_await asio::this_coro::executor;
    const auto addresses = co_await addresses_of(resolver, host);
    int status = 502;
    for (const auto& address : addresses) {
        const platform::Endpoint target{address, port};
        if (target == own || (target.is_loopback() && own.is_loopback() && target.port == own.port))
            co_return Connected{tcp::socket(executor), 508};
        tcp::socket socket(executor);
        error_code fault;
        asio::steady_timer timer(executor, connect_limit);
        const tcp::endpoint endpoint(to_asio(address), port);
        auto first = co_await (socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, fault)) ||
                               wait_for(timer));
        if (first.index() == 0 && !fault) {
            socket.set_option(tcp::no_delay(true), fault);
            co_return Connected{std::move(socket), 0};
        }
        status = first.index() == 1 ? 504 : 502;
    }
    co_return Connected{tcp::socket(executor), status};
}

}  // namespace hort::proxy
