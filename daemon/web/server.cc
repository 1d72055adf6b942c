#include "daemon/web/server.h"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "daemon/family_page.h"
#include "daemon/listening.h"

namespace hort::web {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using namespace std::chrono_literals;
using asio::ip::tcp;
constexpr auto patience = 10s;
constexpr std::uint32_t max_header = 8192;  // octets

// The names by which the server is known. Whoever else's name leads here is a page elsewhere (DNS rebinding).
bool is_own_name(std::string_view host) {
    if (const auto colon = host.rfind(':'); colon != std::string_view::npos && host.find(']', colon) == host.npos)
        host = host.substr(0, colon);
    return host == "localhost" || host == "127.0.0.1" || host == "[::1]" || host == family_page;
}

using Response = http::response<http::string_body>;

Response answer(const http::request<http::empty_body>& request, const MetricsParts& parts) {
    Response out{http::status::ok, request.version()};
    out.keep_alive(request.keep_alive());
    out.set(http::field::content_type, "text/plain; charset=utf-8");
    out.set(http::field::cache_control, "no-store");
    const auto target = request.target().substr(0, request.target().find('?'));
    if (!is_own_name(request[http::field::host])) {
        out.result(http::status::misdirected_request);
        out.body() = "This is not a server of that name.\n";
    } else if (request.method() != http::verb::get && request.method() != http::verb::head) {
        out.result(http::status::method_not_allowed);
        out.set(http::field::allow, "GET, HEAD");
    } else if (target != "/metrics") {
        out.result(http::status::not_found);
        out.body() = "There is /metrics.\n";
    } else {
        out.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
        out.body() = metrics_text(parts);
    }
    const auto size = out.body().size();
    if (request.method() == http::verb::head) out.body().clear();
    out.content_length(size);
    return out;
}

class RunningServer final : public Server {
  public:
    RunningServer(asio::io_context& io, tcp::acceptor acceptor, const MetricsParts& parts)
        : io_(io), parts_(parts), acceptor_(std::move(acceptor)), local_(from_asio(acceptor_.local_endpoint())) {
        asio::co_spawn(io_, accept_all(acceptor_, alive_, [this](tcp::socket socket) { take(std::move(socket)); }),
                       asio::detached);
    }
    ~RunningServer() override { *alive_ = false; }

    platform::Endpoint local() const override { return local_; }

  private:
    void take(tcp::socket socket) {
        if (clients_ >= max_clients) return;  // closes it
        ++clients_;
        asio::co_spawn(io_, serve(std::move(socket)), [this, alive = alive_](const std::exception_ptr&) {
            if (*alive) --clients_;
        });
    }

    asio::awaitable<void> serve(tcp::socket socket) {
        const auto alive = alive_;
        beast::flat_buffer buffer(2 * max_header);
        bool stays = true;
        while (stays) {
            http::request_parser<http::empty_body> parser;
            parser.header_limit(max_header);
            const auto was_read = co_await in_time(patience, read(socket, buffer, parser));
            if (!was_read.value_or(false) || !*alive) co_return;
            const auto response = answer(parser.get(), parts_);
            const auto was_written = co_await in_time(patience, write(socket, response));
            stays = was_written.value_or(false) && *alive && response.keep_alive();
        }
    }

    static asio::awaitable<bool> read(tcp::socket& socket, beast::flat_buffer& buffer,
                                      http::request_parser<http::empty_body>& parser) {
        error_code fault;
        co_await http::async_read(socket, buffer, parser, asio::redirect_error(asio::use_awaitable, fault));
        co_return !fault;
    }

    // The body of an answer to HEAD is empty already, whatever its length says.
    static asio::awaitable<bool> write(tcp::socket& socket, const Response& response) {
        error_code fault;
        http::response_serializer<http::string_body, http::fields> serializer(response);
        co_await http::async_write_header(socket, serializer, asio::redirect_error(asio::use_awaitable, fault));
        if (!fault && !response.body().empty())
            co_await http::async_write(socket, serializer, asio::redirect_error(asio::use_awaitable, fault));
        co_return !fault;
    }

    asio::io_context& io_;
    const MetricsParts parts_;
    tcp::acceptor acceptor_;
    const platform::Endpoint local_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::size_t clients_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(asio::io_context& io, const platform::Endpoint& place,
                                              const MetricsParts& parts) {
    auto acceptor = listen_at(io, place, "for HTTP", "'web' in hort.json names another place");
    if (!acceptor) return acceptor.error();
    return std::unique_ptr<Server>(std::make_unique<RunningServer>(io, *std::move(acceptor), parts));
}

}  // namespace hort::web
