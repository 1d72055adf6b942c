#include "daemon/dns/stream_session.h"

#include <deque>

#include "daemon/dns/doh.h"
#include "daemon/pending_timer.h"

namespace hort::dns {
namespace {

using namespace std::chrono_literals;

constexpr auto idle_time = 10s;          // RFC 7766 section 6.2.3: a few seconds
constexpr auto write_time = 10s;         // for a client that does not read
constexpr std::size_t max_waiting = 64;  // questions under way on one connection; more are not read

// Shared with what is under way; the connection ends with its last user.
struct Session {
    Session(const asio::any_io_executor& executor, std::unique_ptr<ByteStream> connection)
        : stream(std::move(connection)), room(executor) {}
    std::unique_ptr<ByteStream> stream;
    std::deque<std::vector<std::uint8_t>> to_send;
    std::size_t waiting = 0;
    bool is_sending = false, is_over = false;
    asio::steady_timer room;  // cancelled when a question was answered
};
using SessionPtr = std::shared_ptr<Session>;

asio::awaitable<void> send(SessionPtr session) {
    while (!session->to_send.empty() && !session->is_over) {
        const auto message = std::move(session->to_send.front());
        session->to_send.pop_front();
        if (!co_await within(write_time, *session->stream, session->stream->write(message))) session->is_over = true;
    }
    session->is_sending = false;
}

}  // namespace

asio::awaitable<void> serve_stream(std::unique_ptr<ByteStream> stream, Peer peer, Answerer& answerer, Alive alive) {
    const auto executor = co_await asio::this_coro::executor;
    const auto session = std::make_shared<Session>(executor, std::move(stream));
    if (!co_await within(idle_time, *session->stream, session->stream->begin()) || !*alive) co_return;
    if (peer.id.empty()) peer.id = client_id_of_server_name(session->stream->server_name(), answerer.server_name());
    std::vector<std::uint8_t> query;
    while (!session->is_over) {
        std::array<std::uint8_t, 2> prefix;
        if (!co_await within(idle_time, *session->stream, read_exactly(*session->stream, prefix))) break;
        query.resize(get16(prefix, 0));
        if (!co_await within(idle_time, *session->stream, read_exactly(*session->stream, query)) || !*alive) break;
        ++session->waiting;
        answerer.answer(query, peer, [session, executor](std::span<const std::uint8_t> reply) {
            --session->waiting;
            session->room.cancel();
            // Nothing that could be answered: such a client is let go.
            if (reply.empty()) session->is_over = true;
            if (session->is_over) return session->stream->close();
            std::vector<std::uint8_t> message(reply.size() + 2);
            put16(message, 0, static_cast<unsigned>(reply.size()));
            std::copy(reply.begin(), reply.end(), message.begin() + 2);
            session->to_send.push_back(std::move(message));
            if (std::exchange(session->is_sending, true)) return;
            asio::co_spawn(executor, send(session), asio::detached);
        });
        while (session->waiting >= max_waiting && !session->is_over) {
            session->room.expires_at(asio::steady_timer::time_point::max());
            error_code ignored;
            co_await session->room.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
    }
    // Whoever has said all and only listens still gets what is under way: the session lives on in the replies.
}

}  // namespace hort::dns
