#include <deque>
#include <map>

#include "daemon/dns/upstream/connection.h"
#include "daemon/pending_timer.h"

namespace hort::dns {
namespace {

using Failure = Exchanged::Failure;
using Bytes = std::vector<std::uint8_t>;

// A question that waits for its answer.
struct Waiting {
    explicit Waiting(const asio::any_io_executor& executor, const Question& asked)
        : changed(executor), question(asked) {}
    asio::steady_timer changed;
    const Question& question;
    Exchanged result = Exchanged::failed(Failure::network);
};

struct Link {
    explicit Link(const asio::any_io_executor& executor) : ready(executor), idle(executor) {
        ready.expires_at(asio::steady_timer::time_point::max());
    }
    std::unique_ptr<ByteStream> stream;  // empty while it is being made
    asio::steady_timer ready;            // cancelled once it is there, or is not
    asio::steady_timer idle;
    std::map<std::uint16_t, Waiting*> waiting;
    std::deque<Bytes> to_send;
    bool is_sending = false, is_dead = false;
    bool was_used = false;  // has brought an answer before

    void fail() {
        is_dead = true;
        if (stream) stream->close();
        ready.cancel();
        idle.cancel();
        for (auto& [id, one] : waiting) one->changed.cancel();
        waiting.clear();
    }
};
using LinkPtr = std::shared_ptr<Link>;

class StreamTransport final : public Transport, public std::enable_shared_from_this<StreamTransport> {
  public:
    StreamTransport(const UpstreamAddress& address, asio::ssl::context& tls) : address_(address), tls_(tls) {}

    asio::awaitable<Exchanged> exchange(const Question& question) override {
        const auto self = shared_from_this();
        // A kept connection may have been closed by the other side just now: then it is tried once more on a new one.
        for (int attempt = 0;; ++attempt) {
            const auto link = co_await link_for_use();
            if (link->is_dead) co_return Exchanged::failed(Failure::network);
            const bool was_used = link->was_used;
            auto out = co_await ask(link, question, true);
            // Who knows no EDNS answers FORMERR (RFC 6891 section 7).
            if (out.failure == Failure::none && out.about.rcode == 1) out = co_await ask(link, question, false);
            if (out.failure == Failure::none && out.about.size < question.end)
                out = Exchanged::failed(Failure::network);
            if (out.failure != Failure::network || !was_used || attempt > 0) co_return out;
        }
    }

  private:
    asio::awaitable<LinkPtr> link_for_use() {
        const auto executor = co_await asio::this_coro::executor;
        if (!link_ || link_->is_dead) {
            link_ = std::make_shared<Link>(executor);
            asio::co_spawn(executor, connect(shared_from_this(), link_), asio::detached);
        }
        const auto link = link_;
        if (!link->stream && !link->is_dead) {
            error_code ignored;
            co_await link->ready.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        co_return link;
    }

    static asio::awaitable<void> connect(std::shared_ptr<StreamTransport> self, LinkPtr link) {
        auto stream = co_await connect_to(self->address_, self->tls_);
        if (!stream) {
            link->fail();
            co_return;
        }
        link->stream = std::move(stream);
        link->ready.cancel();
        asio::co_spawn(co_await asio::this_coro::executor, idle(link), asio::detached);
        co_await read(link);
        link->fail();
    }

    static asio::awaitable<void> read(LinkPtr link) {
        for (;;) {
            std::array<std::uint8_t, 2> prefix;
            if (!co_await read_exactly(*link->stream, prefix)) co_return;
            Bytes packet(get16(prefix, 0));
            if (packet.size() < header_size || !co_await read_exactly(*link->stream, packet)) co_return;
            const auto found = link->waiting.find(get16(packet, 0));
            if (found == link->waiting.end()) continue;  // its question has given up
            auto& waiting = *found->second;
            // The other side's spelling proves nothing here; it is the question's again.
            if (packet.size() >= waiting.question.end)
                for (std::size_t i = 0; i < waiting.question.name.size(); ++i) {
                    auto& octet = packet[header_size + i];
                    const auto asked = waiting.question.name[i];
                    if ((octet ^ asked) == 0x20 && (asked | 0x20) >= 'a' && (asked | 0x20) <= 'z') octet = asked;
                }
            if (const auto about = accept_answer(packet, waiting.question, found->first); about)
                waiting.result = {Failure::none, std::move(packet), *about};
            waiting.changed.cancel();
            link->waiting.erase(found);
            link->was_used = true;
        }
    }

    asio::awaitable<Exchanged> ask(LinkPtr link, const Question& question, bool with_edns) {
        const auto executor = co_await asio::this_coro::executor;
        if (link->waiting.size() >= 10000) co_return Exchanged::failed(Failure::network);
        auto id = random_id();
        while (link->waiting.contains(id)) ++id;
        Waiting waiting(executor, question);
        link->waiting[id] = &waiting;
        Bytes query(514);
        const auto size = write_upstream_query(std::span(query).subspan(2), question, id, with_edns);
        put16(query, 0, static_cast<unsigned>(size));
        query.resize(size + 2);
        link->to_send.push_back(std::move(query));
        link->idle.cancel();
        if (!link->is_sending) {
            link->is_sending = true;
            asio::co_spawn(executor, send(link), asio::detached);
        }
        if (link->waiting.contains(id)) {
            waiting.changed.expires_after(answer_patience);
            co_await wait_for(waiting.changed);
        }
        const auto still = link->waiting.find(id);
        if (still == link->waiting.end() || still->second != &waiting) co_return std::move(waiting.result);
        link->waiting.erase(still);
        // A connection that brings nothing is given up, for it may be dead without a word (RFC 7766 section 6.2.3).
        if (!link->was_used || link->waiting.empty()) link->fail();
        co_return Exchanged::failed(Failure::silent);
    }

    static asio::awaitable<void> send(LinkPtr link) {
        while (!link->to_send.empty() && !link->is_dead) {
            const auto query = std::move(link->to_send.front());
            link->to_send.pop_front();
            if (!co_await link->stream->write(query)) link->fail();
        }
        link->is_sending = false;
    }

    // Closes the connection once nobody has used it for a while.
    static asio::awaitable<void> idle(LinkPtr link) {
        while (!link->is_dead) {
            link->idle.expires_after(idle_patience);
            error_code fault;
            {
                const PendingTimer pending;
                co_await link->idle.async_wait(asio::redirect_error(asio::use_awaitable, fault));
            }
            if (!fault && link->waiting.empty()) link->fail();
        }
    }

    const UpstreamAddress address_;
    asio::ssl::context& tls_;
    LinkPtr link_;
};

}  // namespace

std::shared_ptr<Transport> make_stream_transport(const UpstreamAddress& address, asio::ssl::context& tls) {
    return std::make_shared<StreamTransport>(address, tls);
}

}  // namespace hort::dns
