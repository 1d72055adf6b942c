#include "daemon/dns/http2.h"
#include "daemon/dns/upstream/connection.h"
#include "daemon/pending_timer.h"

namespace hort::dns {
namespace {

using Failure = Exchanged::Failure;
using Bytes = std::vector<std::uint8_t>;

// A question that waits for its answer.
struct Waiting {
    explicit Waiting(const asio::any_io_executor& executor) : changed(executor) {}
    asio::steady_timer changed;
    bool is_over = false;
    int status = 0;
    Bytes body;
};

struct Link {
    explicit Link(const asio::any_io_executor& executor) : ready(executor), idle(executor) {
        ready.expires_at(asio::steady_timer::time_point::max());
    }
    std::unique_ptr<ByteStream> stream;  // empty while it is being made
    std::unique_ptr<Http2> http;
    asio::steady_timer ready;  // cancelled once it is there, or is not
    asio::steady_timer idle;
    std::map<std::int32_t, Waiting*> waiting;
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

class HttpsTransport final : public Transport, public std::enable_shared_from_this<HttpsTransport> {
  public:
    HttpsTransport(const UpstreamAddress& address, asio::ssl::context& tls) : address_(address), tls_(tls) {
        const auto port = address.endpoints.front().port;
        authority_ = address.name.find(':') == std::string::npos ? address.name : "[" + address.name + "]";
        if (port != 443) authority_ += ":" + std::to_string(port);
    }

    asio::awaitable<Exchanged> exchange(const Question& question) override {
        const auto self = shared_from_this();
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
        if (!link->http && !link->is_dead) {
            error_code ignored;
            co_await link->ready.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        co_return link;
    }

    static asio::awaitable<void> connect(std::shared_ptr<HttpsTransport> self, LinkPtr link) {
        const auto executor = co_await asio::this_coro::executor;
        auto stream = co_await connect_to(self->address_, self->tls_);
        if (!stream || stream->protocol() != "h2") {
            link->fail();
            co_return;
        }
        link->stream = std::move(stream);
        Http2::Events events;
        events.take = [weak = std::weak_ptr(link)](std::int32_t id, Http2Message message) {
            const auto here = weak.lock();
            if (!here) return;
            const auto found = here->waiting.find(id);
            if (found == here->waiting.end()) return;
            auto& one = *found->second;
            const auto status = message.headers.find(":status");
            one.status = status == message.headers.end() ? 0 : std::atoi(status->second.c_str());
            one.body = message.is_too_large ? Bytes() : std::move(message.body);
            one.is_over = true;
            one.changed.cancel();
            here->waiting.erase(found);
            here->was_used = true;
        };
        events.lose = [weak = std::weak_ptr(link)](std::int32_t id) {
            const auto here = weak.lock();
            if (!here) return;
            const auto found = here->waiting.find(id);
            if (found == here->waiting.end()) return;
            found->second->is_over = true;
            found->second->changed.cancel();
            here->waiting.erase(found);
        };
        link->http = std::make_unique<Http2>(Http2::Side::client, std::move(events));
        link->ready.cancel();
        flush(executor, link);
        asio::co_spawn(executor, idle(link), asio::detached);
        std::array<std::uint8_t, 16384> octets;
        for (;;) {
            const auto got = co_await link->stream->read_some(octets);
            if (got == 0 || link->is_dead || !link->http->feed(std::span(octets).first(got))) break;
            flush(executor, link);
            if (link->http->is_over()) break;
        }
        link->fail();
    }

    asio::awaitable<Exchanged> ask(LinkPtr link, const Question& question, bool with_edns) {
        const auto executor = co_await asio::this_coro::executor;
        // Id 0, so that answers can be cached on their way (RFC 8484 section 4.1).
        Bytes query(512);
        query.resize(write_upstream_query(query, question, 0, with_edns));
        Waiting waiting(executor);
        const auto id = link->http->request({{":method", "POST"},
                                             {":scheme", "https"},
                                             {":authority", authority_},
                                             {":path", address_.path},
                                             {"accept", "application/dns-message"},
                                             {"content-type", "application/dns-message"},
                                             {"content-length", std::to_string(query.size())}},
                                            query);
        if (id == 0) {
            link->fail();
            co_return Exchanged::failed(Failure::network);
        }
        link->waiting[id] = &waiting;
        link->idle.cancel();
        flush(executor, link);
        if (!waiting.is_over && !link->is_dead) {
            waiting.changed.expires_after(answer_patience);
            co_await wait_for(waiting.changed);
        }
        if (const auto still = link->waiting.find(id); still != link->waiting.end() && still->second == &waiting) {
            link->waiting.erase(still);
            if (!link->was_used || link->waiting.empty()) link->fail();
            co_return Exchanged::failed(Failure::silent);
        }
        if (waiting.status != 200) co_return Exchanged::failed(Failure::network);
        const auto about = accept_answer(waiting.body, question, 0);
        if (!about) co_return Exchanged::failed(Failure::network);
        co_return Exchanged{Failure::none, std::move(waiting.body), *about};
    }

    static void flush(const asio::any_io_executor& executor, const LinkPtr& link) {
        if (link->is_sending || link->is_dead) return;
        link->is_sending = true;
        asio::co_spawn(executor, send(link), asio::detached);
    }

    static asio::awaitable<void> send(LinkPtr link) {
        while (!link->is_dead) {
            const auto octets = link->http->take_output();
            if (octets.empty()) break;
            if (!co_await link->stream->write(octets)) link->fail();
        }
        link->is_sending = false;
    }

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
    std::string authority_;
    asio::ssl::context& tls_;
    LinkPtr link_;
};

}  // namespace

std::shared_ptr<Transport> make_https_transport(const UpstreamAddress& address, asio::ssl::context& tls) {
    return std::make_shared<HttpsTransport>(address, tls);
}

}  // namespace hort::dns
