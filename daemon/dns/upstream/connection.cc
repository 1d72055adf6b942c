#include "daemon/dns/upstream/connection.h"

#include "daemon/pending_timer.h"

namespace hort::dns {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using Failure = Exchanged::Failure;

constexpr std::chrono::milliseconds connect_patience = 3s, answer_patience = 4s;
// RFC 7766 section 6.2.3 and RFC 7858 section 3.4: a connection that nobody uses is closed.
constexpr auto idle_patience = 20s;

asio::awaitable<bool> connect_socket(asio::ip::tcp::socket& socket, const platform::Endpoint& endpoint) {
    error_code fault;
    co_await socket.async_connect({to_asio(endpoint.address), endpoint.port},
                                  asio::redirect_error(asio::use_awaitable, fault));
    if (!fault) socket.set_option(asio::ip::tcp::no_delay(true), fault);
    co_return !fault;
}

// Tries the addresses in their order. Empty when none took the connection, or the certificate is not the right one.
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

class KeptTransport final : public Transport, public std::enable_shared_from_this<KeptTransport> {
  public:
    KeptTransport(const UpstreamAddress& address, asio::ssl::context& tls, ConnectionMaker make)
        : address_(address), tls_(tls), make_(std::move(make)) {}

    asio::awaitable<Exchanged> exchange(const Question& question) override {
        const auto self = shared_from_this();
        // A connection that was there already may have been closed by the other side just now, which says nothing of
        // the upstream; one that broke under way is tried once more.
        for (int broken = 0;;) {
            const bool is_new = !connection_ || connection_->is_dead();
            const auto connection = connection_for_use(co_await asio::this_coro::executor);
            co_await connection->wait_until_ready();
            if (connection->is_dead()) co_return Exchanged::failed(Failure::network);
            auto out = co_await connection->ask(question, true);
            // Who knows no EDNS answers FORMERR (RFC 6891 section 7).
            if (out.failure == Failure::none && out.about.rcode == 1) out = co_await connection->ask(question, false);
            if (out.failure == Failure::none && out.about.size < question.end)
                out = Exchanged::failed(Failure::network);
            if (out.failure != Failure::network || !connection->is_dead() || (is_new && ++broken > 1)) co_return out;
        }
    }

  private:
    std::shared_ptr<Connection> connection_for_use(const asio::any_io_executor& executor) {
        if (!connection_ || connection_->is_dead()) {
            connection_ = make_(executor);
            connection_->start(address_, tls_);
        }
        return connection_;
    }

    const UpstreamAddress address_;
    asio::ssl::context& tls_;
    const ConnectionMaker make_;
    std::shared_ptr<Connection> connection_;
};

}  // namespace

Connection::Connection(const asio::any_io_executor& executor) : executor_(executor), ready_(executor), idle_(executor) {
    ready_.expires_at(asio::steady_timer::time_point::max());
}

void Connection::start(const UpstreamAddress& address, asio::ssl::context& tls) {
    asio::co_spawn(executor_, run(shared_from_this(), address, tls), asio::detached);
}

asio::awaitable<void> Connection::wait_until_ready() {
    error_code ignored;
    if (!stream_ && !is_dead_) co_await ready_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> Connection::run(std::shared_ptr<Connection> self, UpstreamAddress address,
                                      asio::ssl::context& tls) {
    auto stream = co_await connect_to(address, tls);
    if (stream && self->begin(*stream)) {
        self->stream_ = std::move(stream);
        self->ready_.cancel();
        self->flush();
        asio::co_spawn(self->executor_, watch_idle(self), asio::detached);
        co_await self->read(*self->stream_);
    }
    self->fail();
}

asio::awaitable<Exchanged> Connection::ask(const Question& question, bool with_edns) {
    if (is_dead_) co_return Exchanged::failed(Failure::network);
    const auto number = put(question, with_edns);
    if (number < 0) {
        fail();
        co_return Exchanged::failed(Failure::network);
    }
    Waiting waiting(executor_, question);
    waiting_[number] = &waiting;
    idle_.cancel();
    flush();
    if (waiting_.contains(number)) {
        waiting.changed.expires_after(answer_patience);
        co_await wait_for(waiting.changed);
    }
    const auto still = waiting_.find(number);
    if (still == waiting_.end() || still->second != &waiting) co_return std::move(waiting.result);
    waiting_.erase(still);
    // A connection that brings nothing is given up, for it may be dead without a word (RFC 7766 section 6.2.3).
    if (!was_used_ || waiting_.empty()) fail(Failure::silent);
    co_return Exchanged::failed(Failure::silent);
}

const Question* Connection::question_of(std::int32_t number) const {
    const auto found = waiting_.find(number);
    return found == waiting_.end() ? nullptr : &found->second->question;
}

void Connection::take(std::int32_t number, Exchanged result) {
    const auto found = waiting_.find(number);
    if (found == waiting_.end()) return;  // its question has given up
    was_used_ = was_used_ || result.failure == Failure::none;
    found->second->result = std::move(result);
    found->second->changed.cancel();
    waiting_.erase(found);
}

void Connection::flush() {
    if (is_dead_ || std::exchange(is_sending_, true)) return;
    asio::co_spawn(executor_, send(shared_from_this()), asio::detached);
}

asio::awaitable<void> Connection::send(std::shared_ptr<Connection> self) {
    while (!self->is_dead_) {
        const auto octets = self->take_output();
        if (octets.empty()) break;
        if (!co_await self->stream_->write(octets)) self->fail();
    }
    self->is_sending_ = false;
}

asio::awaitable<void> Connection::watch_idle(std::shared_ptr<Connection> self) {
    while (!self->is_dead_) {
        self->idle_.expires_after(idle_patience);
        error_code fault;
        {
            const PendingTimer pending;
            co_await self->idle_.async_wait(asio::redirect_error(asio::use_awaitable, fault));
        }
        if (!fault && self->waiting_.empty()) self->fail();
    }
}

void Connection::fail(Failure why) {
    is_dead_ = true;
    if (stream_) stream_->close();
    ready_.cancel();
    idle_.cancel();
    for (auto& [number, one] : waiting_) {
        one->result.failure = why;
        one->changed.cancel();
    }
    waiting_.clear();
}

std::shared_ptr<Transport> make_kept_transport(const UpstreamAddress& address, asio::ssl::context& tls,
                                               ConnectionMaker make) {
    return std::make_shared<KeptTransport>(address, tls, std::move(make));
}

}  // namespace hort::dns
