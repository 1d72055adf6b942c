#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/vector_body.hpp>

#include "daemon/dns/doh.h"
#include "daemon/dns/http2.h"
#include "daemon/dns/stream_session.h"
#include "daemon/pending_timer.h"

namespace hort::dns {
namespace {

using namespace std::chrono_literals;
namespace http = boost::beast::http;
using Bytes = std::vector<std::uint8_t>;

constexpr auto idle_time = 30s;  // a browser keeps its connection for a while
constexpr auto write_time = 10s;
constexpr auto linger_time = 1s;
constexpr std::size_t linger_octets = 1 << 20;

Http2::Headers headers_of(int status, std::span<const std::uint8_t> answer) {
    Http2::Headers out = {{":status", std::to_string(status)}, {"content-length", std::to_string(answer.size())}};
    if (status == 200) {
        out.emplace_back("content-type", "application/dns-message");
        out.emplace_back("cache-control", "max-age=" + std::to_string(lowest_ttl(answer)));
    }
    if (status == 405) out.emplace_back("allow", "GET, POST");
    return out;
}

struct Session {
    explicit Session(std::unique_ptr<ByteStream> connection) : stream(std::move(connection)) {}
    std::unique_ptr<ByteStream> stream;
    std::unique_ptr<Http2> http;
    bool is_sending = false, is_over = false;
};
using SessionPtr = std::shared_ptr<Session>;

asio::awaitable<void> send(SessionPtr session) {
    while (!session->is_over) {
        const auto octets = session->http->take_output();
        if (octets.empty()) break;
        if (!co_await within(write_time, *session->stream, session->stream->write(octets))) session->is_over = true;
    }
    session->is_sending = false;
}

void flush(const asio::any_io_executor& executor, const SessionPtr& session) {
    if (session->is_over || std::exchange(session->is_sending, true)) return;
    asio::co_spawn(executor, send(session), asio::detached);
}

asio::awaitable<void> serve_http2(std::unique_ptr<ByteStream> stream, Peer peer, Answerer& answerer, Alive alive) {
    const auto executor = co_await asio::this_coro::executor;
    const auto session = std::make_shared<Session>(std::move(stream));
    const std::weak_ptr weak(session);
    Http2::Events events;
    events.take = [&, weak](std::int32_t id, Http2Message message) {
        const auto here = weak.lock();
        if (!here) return;
        const auto value = [&](std::string_view name) {
            const auto found = message.headers.find(name);
            return found == message.headers.end() ? std::string_view() : std::string_view(found->second);
        };
        auto request = read_doh_request(value(":method"), value(":path"), value("content-type"), message.body);
        if (message.is_too_large) request.status = 413;
        if (request.status != 200) {
            here->http->respond(id, headers_of(request.status, {}), {});
            return;
        }
        auto of = peer;
        if (!request.client_id.empty()) of.id = request.client_id;
        answerer.answer(request.query, of, [weak, id, executor](std::span<const std::uint8_t> reply) {
            const auto there = weak.lock();
            if (!there || there->is_over) return;
            there->http->respond(id, headers_of(reply.empty() ? 400 : 200, reply), Bytes(reply.begin(), reply.end()));
            flush(executor, there);
        });
    };
    session->http = std::make_unique<Http2>(Http2::Side::server, std::move(events));
    flush(executor, session);
    Bytes octets(16384);
    while (!session->is_over) {
        std::size_t got = 0;
        const auto read = [&]() -> asio::awaitable<bool> {
            got = co_await session->stream->read_some(octets);
            co_return got > 0;
        };
        if (!co_await within(idle_time, *session->stream, read()) || !*alive) break;
        if (!session->http->feed(std::span(octets).first(got))) break;
        flush(executor, session);
        if (session->http->is_over()) break;
    }
    session->is_over = true;
}

// What one HTTP/1.1 request is answered with.
Bytes http1_response(int status, std::span<const std::uint8_t> answer, bool keeps_alive) {
    std::string head = "HTTP/1.1 " + std::to_string(status) + " " +
                       std::string(http::obsolete_reason(static_cast<http::status>(status))) + "\r\n";
    for (const auto& [name, value] : headers_of(status, answer))
        if (!name.starts_with(':')) head += name + ": " + value + "\r\n";
    head += keeps_alive ? "\r\n" : "connection: close\r\n\r\n";
    Bytes out(head.begin(), head.end());
    out.insert(out.end(), answer.begin(), answer.end());
    return out;
}

// Reads away what a client still sends after its last answer: closing on unread octets resets the connection, and a
// reset may destroy the answer on its way (RFC 9112 section 9.6).
asio::awaitable<void> linger(ByteStream& stream) {
    const auto read = [&]() -> asio::awaitable<bool> {
        Bytes octets(16384);
        for (std::size_t all = 0, got = 1; got > 0 && all < linger_octets; all += got)
            got = co_await stream.read_some(octets);
        co_return true;
    };
    co_await within(linger_time, stream, read());
}

asio::awaitable<void> serve_http1(std::unique_ptr<ByteStream> stream, Peer peer, Answerer& answerer, Alive alive) {
    const auto executor = co_await asio::this_coro::executor;
    Bytes octets(16384);
    std::size_t held = 0;  // octets that came and were not read yet
    for (;;) {
        http::request_parser<http::vector_body<std::uint8_t>> parser;
        parser.eager(true);
        parser.header_limit(Http2::max_headers);
        parser.body_limit(Http2::max_body);
        DohRequest request;  // 400, as long as it is nothing better
        bool is_bad = false;
        while (!parser.is_done() && !is_bad) {
            error_code fault;
            if (held > 0) {
                const auto used = parser.put(asio::buffer(octets.data(), held), fault);
                std::copy(octets.begin() + static_cast<std::ptrdiff_t>(used),
                          octets.begin() + static_cast<std::ptrdiff_t>(held), octets.begin());
                held -= used;
                is_bad = fault && fault != http::error::need_more;
                if (fault == http::error::body_limit) request.status = 413;
                if (fault == http::error::header_limit) request.status = 431;
                if (used > 0 || is_bad) continue;
            }
            if (held == octets.size()) is_bad = true;
            if (is_bad) break;
            const auto read = [&]() -> asio::awaitable<bool> {
                const auto got = co_await stream->read_some(std::span(octets).subspan(held));
                held += got;
                co_return got > 0;
            };
            if (!co_await within(idle_time, *stream, read()) || !*alive) co_return;
        }
        bool keeps_alive = false;
        if (!is_bad) {
            const auto& message = parser.get();
            const auto text = [](auto view) { return std::string_view(view.data(), view.size()); };
            keeps_alive = message.keep_alive();
            request = read_doh_request(text(message.method_string()), text(message.target()),
                                       text(message[http::field::content_type]), message.body());
        }
        Bytes answer;
        if (request.status == 200) {
            auto of = peer;
            if (!request.client_id.empty()) of.id = request.client_id;
            struct Waiting {
                explicit Waiting(const asio::any_io_executor& executor)
                    : ready(executor, asio::steady_timer::time_point::max()) {}
                asio::steady_timer ready;
                bool is_ready = false;
                Bytes answer;
            };
            const auto waiting = std::make_shared<Waiting>(executor);
            answerer.answer(request.query, of, [waiting](std::span<const std::uint8_t> reply) {
                waiting->answer.assign(reply.begin(), reply.end());
                waiting->is_ready = true;
                waiting->ready.cancel();
            });
            error_code ignored;
            if (!waiting->is_ready)
                co_await waiting->ready.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            if (!*alive) co_return;
            answer = std::move(waiting->answer);
            if (answer.empty()) request.status = 400;
        }
        const auto response = http1_response(request.status, answer, keeps_alive);
        if (!co_await within(write_time, *stream, stream->write(response))) co_return;
        if (!keeps_alive) {
            co_await linger(*stream);
            co_return;
        }
    }
}

}  // namespace

asio::awaitable<void> serve_https(std::unique_ptr<ByteStream> stream, Peer peer, Answerer& answerer, Alive alive) {
    // Not within the condition: as the first thing that a coroutine does, GCC 12 lays out its frame wrongly for it.
    const bool has_begun = co_await within(idle_time, *stream, stream->begin());
    if (!has_begun || !*alive) co_return;
    peer.id = client_id_of_server_name(stream->server_name(), answerer.server_name());
    if (stream->protocol() == "h2")
        co_await serve_http2(std::move(stream), std::move(peer), answerer, alive);
    else
        co_await serve_http1(std::move(stream), std::move(peer), answerer, alive);
}

}  // namespace hort::dns
