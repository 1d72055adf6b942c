#include "daemon/dns/server.h"

#include <sys/random.h>

#include <boost/asio/ssl/context.hpp>
#include <cstring>
#include <thread>

#include "daemon/asio.h"
#include "daemon/dns/address_names.h"
#include "daemon/dns/certificate.h"
#include "daemon/dns/cookies.h"
#include "daemon/dns/doh.h"
#include "daemon/dns/rate_limit.h"
#include "daemon/dns/stream_session.h"
#include "daemon/listening.h"
#include "daemon/log.h"
#include "daemon/pending_timer.h"
#include "platform/clock.h"

namespace hort::dns {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
constexpr std::size_t max_queued = 4000;    // misses on their way from the UDP threads
constexpr auto stale_after = 1800ms;        // a client does not wait longer where there is a stale answer (RFC 8767)
constexpr std::size_t max_message = 65535;  // octets
constexpr std::size_t own_part = 1024;      // what an answer may grow by: an alias, OPT, padding

Cookies::Secret new_secret() {
    Cookies::Secret out;
    if (getrandom(out.data(), out.size(), 0) != static_cast<ssize_t>(out.size()))
        throw std::runtime_error("getrandom failed");
    return out;
}

BlockedAnswer page_of(const std::vector<AddressBytes>& addresses) {
    BlockedAnswer out;
    for (const auto& address : addresses) {
        out.kind = BlockedAnswer::Kind::address;
        if (is_v4(address))
            std::memcpy(out.v4.data(), address.data() + 12, 4);
        else
            out.v6 = address;
    }
    return out;
}

// A question on its way to an upstream and back.
struct Asked {
    std::vector<std::uint8_t> query;  // up to the end of its question
    Question question;                // its name is in `query`
    WireName alias;
    Question asked;  // the same, or for the alias
    Client client;
    std::string client_id;
    std::size_t limit = max_message;
    Answerer::Reply reply;  // empty: nobody waits, only the cache is filled; or it was called
    std::shared_ptr<asio::steady_timer> stale_timer;
};
using AskedPtr = std::shared_ptr<Asked>;

AskedPtr make_asked(std::span<const std::uint8_t> query, const Handled& handled, const Client& client) {
    auto out = std::make_shared<Asked>();
    out->query.assign(query.begin(), query.begin() + static_cast<std::ptrdiff_t>(handled.question.end));
    out->question = handled.question;
    out->question.name = std::span<const std::uint8_t>(out->query).subspan(header_size, handled.question.name.size());
    out->alias = handled.alias;
    out->asked = out->alias.size == 0 ? out->question : question_for(out->alias, out->question);
    out->client_id = std::string(client.id);
    out->client = client;
    out->client.id = out->client_id;
    return out;
}

class RunningServer final : public Server, public Answerer {
  public:
    using UdpSocket = std::shared_ptr<platform::PacketSocket>;

    RunningServer(asio::io_context& io, const Settings& settings, const ServerParts& parts)
        : io_(io),
          settings_(settings),
          parts_(parts),
          page_(page_of(settings.page)),
          client_tls_(asio::ssl::context::tls_client),
          cache_([&] {
              auto limits = settings.cache;
              limits.parts = settings.threads * settings.listen.size() > 1 ? 16 : 1;
              return limits;
          }()),
          cookies_(new_secret()),
          alive_(std::make_shared<bool>(true)) {
        error_code ignored;
        client_tls_.set_default_verify_paths(ignored);
        client_tls_.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, ignored);
        forwarder_ = std::make_unique<Forwarder>(io, settings.upstream, client_tls_);
    }

    Status start() {
        if (!settings_.dot.empty() || !settings_.doh.empty())
            if (auto read = reload_certificate(); !read) return read;
        for (const auto& place : settings_.listen) {
            auto bound = place;
            for (std::size_t i = 0; i < settings_.threads; ++i) {
                auto udp = platform::PacketSocket::bind(bound, settings_.threads > 1);
                if (!udp) return udp.error();
                bound = (*udp)->local();
                udp_.emplace_back(*std::move(udp));
            }
            if (auto listening = listen(bound, Kind::plain); !listening) return listening;
        }
        for (const auto& place : settings_.dot)
            if (auto listening = listen(place, Kind::dot); !listening) return listening;
        for (const auto& place : settings_.doh)
            if (auto listening = listen(place, Kind::doh); !listening) return listening;
        for (const auto& acceptor : acceptors_) accept_at(*acceptor);
        for (const auto& socket : udp_) threads_.emplace_back([this, socket] { serve_udp(socket, {}); });
        return Done{};
    }

    ~RunningServer() override {
        *alive_ = false;
        for (const auto& socket : udp_) socket->interrupt();
        for (auto& thread : threads_) thread.join();
    }

    platform::Endpoint local() const override { return udp_.front()->local(); }
    std::vector<UpstreamState> upstreams() const override { return forwarder_->states(); }
    CacheState cache_state() const override { return {cache_.entries(), cache_.bytes()}; }
    std::size_t flush(std::string_view host) override { return cache_.flush(host); }
    std::string_view server_name() const override { return settings_.name; }

    Status reload_certificate() override {
        if (settings_.dot.empty() && settings_.doh.empty()) return Done{};
        auto dot = read_certificate(settings_.certificate, settings_.key, dot_offer),
             doh = read_certificate(settings_.certificate, settings_.key, doh_offer);
        if (!dot) return dot.error();
        if (!doh) return doh.error();
        dot_tls_ = *std::move(dot);
        doh_tls_ = *std::move(doh);
        return Done{};
    }

    LocalNames::Designated designated() const override {
        LocalNames::Designated out;
        out.name = settings_.name;
        for (const auto& acceptor : acceptors_) {
            if (acceptor->kind == Kind::dot) out.dot_port = acceptor->local.port;
            if (acceptor->kind == Kind::doh) out.doh_port = acceptor->local.port;
        }
        return out;
    }

    void resolve(const Hostname& host, std::function<void(Resolved)> done) override {
        // IPv4 and IPv6 are asked at once; the answer comes when both are there.
        struct Both {
            Resolved found;
            std::vector<AddressBytes> v6;
            int missing = 2;
        };
        static thread_local std::vector<std::uint8_t> buffer(max_message);
        auto both = std::make_shared<Both>();
        const auto names = parts_.names.load();
        for (const auto type : {type::a, type::aaaa}) {
            const auto take = [both, type, done](std::span<const std::uint8_t> reply) {
                (type == type::a ? both->found.addresses : both->v6) = addresses_in(reply);
                for (const auto& name : aliases_in(reply)) both->found.names.push_back(name);
                if (--both->missing > 0) return;
                auto& all = both->found.addresses;
                all.insert(all.end(), both->v6.begin(), both->v6.end());
                done(std::move(both->found));
            };
            std::vector<std::uint8_t> query(512);
            query.resize(write_query(query, host.text(), type));
            Handled handled;
            handled.question = parse_question(query).question;
            std::copy(query.begin(), query.end(), buffer.begin());
            if (const auto local = names->answer(buffer, handled.question, host); local.size > 0) {
                take(std::span<const std::uint8_t>(buffer).first(local.size));
                continue;
            } else if (!local.alias.empty()) {
                handled.alias = wire_name(local.alias);
            }
            const auto asked = make_asked(query, handled, {});
            const auto& key = handled.alias.size == 0 ? asked->question : asked->asked;
            if (const auto found =
                    cache_.answer(buffer, asked->question, key, platform::now().boot_seconds, buffer.size());
                found.size > 0)
                take(std::span<const std::uint8_t>(buffer).first(found.size));
            else
                ask_undecided(asked, take);
        }
    }

    // UDP and TCP of both families.
    Result<std::uint16_t> listen_for(std::uint32_t account) override {
        std::vector<UdpSocket> sockets;
        const auto before = acceptors_.size();
        const auto undo = [&] {
            sockets.clear();
            acceptors_.resize(before);
        };
        const auto open = [&](const platform::Endpoint& place) -> Result<std::uint16_t> {
            auto udp = platform::PacketSocket::bind(place, false);
            if (!udp) return udp.error();
            const auto bound = (*udp)->local();
            sockets.emplace_back(*std::move(udp));
            if (auto listening = listen(bound, Kind::plain); !listening) return listening.error();
            return bound.port;
        };
        const auto port = open_on_loopback(open, undo);
        if (!port) return port;
        for (auto k = before; k < acceptors_.size(); ++k) {
            acceptors_[k]->account = account;
            accept_at(*acceptors_[k]);
        }
        for (auto& socket : sockets) {
            udp_.push_back(socket);
            threads_.emplace_back([this, socket, account] { serve_udp(socket, account); });
        }
        return port;
    }

    std::vector<Hostname> names_of(const AddressBytes& address) const override {
        return address_names_.names_of(address);
    }

    // One message over a connection.
    void answer(std::span<const std::uint8_t> query, const Peer& peer, Reply reply) override {
        static thread_local std::vector<std::uint8_t> buffer(max_message + own_part);
        const auto policy = parts_.policy.load();
        const auto names = parts_.names.load();
        const auto now = platform::now();
        std::copy(query.begin(), query.end(), buffer.begin());
        Client client;
        const auto subject = [&] {
            client = peer.account ? Client{peer.account, peer.client.address, {}, {}}
                                  : client_of(*policy, platform::Transport::tcp, peer.client, peer.server, peer.id);
            return policy->subject(client);
        };
        const auto handled = handle(std::span(buffer).first(max_message), query.size(), *policy, *names, subject,
                                    peer.client.address, now, false);
        if (handled.next == Handled::Next::reply) {
            if (handled.should_refresh) ask(make_asked(query, handled, client));
            return reply(std::span<const std::uint8_t>(buffer).first(handled.size));
        }
        if (handled.next == Handled::Next::drop) return reply({});
        auto asked = make_asked(query, handled, client);
        asked->reply = std::move(reply);
        ask(asked);
    }

  private:
    enum class Kind : std::uint8_t { plain, dot, doh };
    struct Acceptor {
        Kind kind;
        tcp::acceptor acceptor;
        platform::Endpoint local;
        std::optional<std::uint32_t> account;  // whose questions alone come there
    };

    Status listen(const platform::Endpoint& place, Kind kind) {
        const std::string what = kind == Kind::plain ? "TCP" : kind == Kind::dot ? "TLS" : "HTTPS";
        auto acceptor =
            listen_at(io_, place, "for DNS over " + what, kind == Kind::plain ? "choose another port with --dns" : "");
        if (!acceptor) return acceptor.error();
        auto out = std::make_unique<Acceptor>(Acceptor{kind, *std::move(acceptor), place, {}});
        error_code fault;
        out->local = from_asio(out->acceptor.local_endpoint(fault));
        acceptors_.push_back(std::move(out));
        return Done{};
    }

    FilterParts filter_parts(const LocalNames& names) {
        return {cache_, parts_.log, parts_.counters, parts_.meter, names, page_};
    }

    template <typename SubjectOf>
    Handled handle(std::span<std::uint8_t> buffer, std::size_t size, const Policy& policy, const LocalNames& names,
                   const SubjectOf& subject, const AddressBytes& client, const Moment& now, bool is_udp) {
        auto parsed = parse_question(buffer.first(size));
        if (parsed.fault != QuestionFault::none) return answer_fault(buffer, parsed);
        if (parsed.question.has_cookie) cookies_.answer(parsed.question, client, now.wall_seconds);
        // Padding is for those whose packets nobody else can read.
        if (is_udp) parsed.question.is_padded = false;
        return decide_question(buffer, parsed.question, policy, subject(), now, is_udp, filter_parts(names));
    }

    void serve_udp(const UdpSocket& socket, std::optional<std::uint32_t> account) {
        const auto bound = socket->local();
        RateLimit limit(settings_.rate_limit);
        for (auto batch = socket->receive(); !batch.empty(); batch = socket->receive()) {
            const auto policy = parts_.policy.load();
            const auto names = parts_.names.load();
            const auto now = platform::now();
            for (auto& packet : batch) {
                // Who asks from the address that is asked is this machine.
                const auto& asked_at = packet.via.interface != 0 ? packet.via.address : bound.address;
                if (!packet.from.is_loopback() && packet.from.address != asked_at &&
                    !limit.allows(packet.from.address, now.boot_seconds)) {
                    parts_.counters.dns_limited.fetch_add(1, std::memory_order_relaxed);
                    continue;
                }
                const std::span<std::uint8_t> buffer(packet.data, platform::Packet::capacity);
                Client client;
                const auto subject = [&] {
                    client = account
                                 ? Client{account, packet.from.address, {}, {}}
                                 : client_of(*policy, platform::Transport::udp, packet.from, {asked_at, bound.port});
                    return policy->subject(client);
                };
                const auto handled =
                    handle(buffer, packet.size, *policy, *names, subject, packet.from.address, now, true);
                if (handled.next == Handled::Next::reply) packet.reply_size = handled.size;
                if (handled.next == Handled::Next::forward || handled.should_refresh)
                    forward_udp(socket, packet, handled, client);
            }
            socket->send_replies();
        }
    }

    // On a UDP thread.
    void forward_udp(const UdpSocket& socket, const platform::Packet& packet, const Handled& handled,
                     const Client& client) {
        if (queued_.load(std::memory_order_relaxed) >= max_queued) return;  // overload: the client asks again
        queued_.fetch_add(1, std::memory_order_relaxed);
        const std::span<const std::uint8_t> query(packet.data, handled.question.end);
        auto asked = make_asked(query, handled, client);
        asked->limit = udp_limit(asked->question);
        if (handled.next == Handled::Next::forward)
            asked->reply = [socket, to = packet.from, via = packet.via](std::span<const std::uint8_t> reply) {
                socket->send(to, via, reply);
            };
        asio::post(io_, [this, alive = alive_, asked = std::move(asked)] {
            if (!*alive) return;
            queued_.fetch_sub(1, std::memory_order_relaxed);
            ask(asked);
        });
    }

    // Gives the reply: from the answer, a stale one, or an error. Once.
    void give(Asked& asked, const KeptAnswer* answer, const ExtendedError& why) {
        if (!asked.reply) return;
        const auto reply = std::exchange(asked.reply, nullptr);
        std::vector<std::uint8_t> buffer((answer != nullptr ? answer->message.size() : max_message) + own_part +
                                         asked.query.size());
        std::copy(asked.query.begin(), asked.query.end(), buffer.begin());
        const auto policy = parts_.policy.load();
        const auto names = parts_.names.load();
        const auto& key = asked.alias.size == 0 ? asked.question : asked.asked;
        const auto size =
            answer_forwarded(buffer, asked.question, key, answer, why, *policy, policy->subject(asked.client),
                             platform::now(), std::min(asked.limit, buffer.size()), filter_parts(*names));
        reply(std::span<const std::uint8_t>(buffer).first(size));
    }

    // Asks upstream, keeps the answer, and gives the reply. On the io_context's thread.
    void ask(const AskedPtr& asked) {
        const bool has_stale = cache_.has_stale(asked->asked, platform::now().boot_seconds);
        const ExtendedError unreachable{extended_error::no_reachable_authority, "no upstream answered"};
        if (asked->reply && has_stale) {
            if (forwarder_->is_down(asked->asked))
                give(*asked, nullptr, unreachable);
            else
                asio::co_spawn(io_, give_stale_later(asked), asio::detached);
        }
        forwarder_->ask(asked->asked, [this, alive = alive_, asked, has_stale, unreachable](const Exchanged& out) {
            if (!*alive) return;
            constexpr std::uint8_t server_failure = 2;
            if (out.failure != Exchanged::Failure::none || (has_stale && out.about.rcode == server_failure)) {
                const ExtendedError network{extended_error::network_error, "the upstreams cannot be reached"};
                give(*asked, nullptr, out.failure == Exchanged::Failure::network ? network : unreachable);
            } else {
                const auto kept = keep(*asked, out);
                give(*asked, &kept, {});
            }
            if (asked->stale_timer) asked->stale_timer->cancel();
        });
    }

    KeptAnswer keep(const Asked& asked, const Exchanged& out) {
        auto kept = kept_answer(out.message, out.about, asked.asked, *parts_.names.load());
        cache_.bound(kept, asked.asked);
        cache_.keep(asked.asked, kept, platform::now().boot_seconds);
        if ((kept.facts & fact::address) != 0)
            address_names_.note(Hostname::from_wire(asked.asked.name), addresses_in(kept.message));
        return kept;
    }

    // For ourselves: somebody else has decided.
    template <typename Take>
    void ask_undecided(const AskedPtr& asked, Take take) {
        forwarder_->ask(asked->asked, [this, alive = alive_, asked, take](const Exchanged& out) {
            if (!*alive) return;
            if (out.failure != Exchanged::Failure::none) return take({});
            const auto kept = keep(*asked, out);
            take(kept.message);
        });
    }

    asio::awaitable<void> give_stale_later(AskedPtr asked) {
        const auto alive = alive_;
        const auto timer = std::make_shared<asio::steady_timer>(io_, stale_after);
        asked->stale_timer = timer;
        co_await wait_for(*timer);
        if (*alive && asked->reply)
            give(*asked, nullptr, {extended_error::no_reachable_authority, "no upstream answered"});
    }

    void accept_at(Acceptor& acceptor) {
        asio::co_spawn(io_,
                       accept_all(acceptor.acceptor, alive_,
                                  [this, kind = acceptor.kind, account = acceptor.account](tcp::socket socket) {
                                      serve(kind, std::move(socket), account);
                                  }),
                       asio::detached);
    }

    void serve(Kind kind, tcp::socket socket, std::optional<std::uint32_t> account) {
        if (stream_clients_ >= max_stream_clients) return;  // closes it
        error_code fault;
        Peer peer;
        const auto remote = socket.remote_endpoint(fault);
        if (fault) return;
        const auto local = socket.local_endpoint(fault);
        if (fault) return;
        peer.client = from_asio(remote);
        peer.server = from_asio(local);
        peer.account = account;
        socket.set_option(tcp::no_delay(true), fault);
        auto stream = kind == Kind::plain ? plain_stream(std::move(socket))
                                          : tls_server(std::move(socket), kind == Kind::dot ? *dot_tls_ : *doh_tls_);
        ++stream_clients_;
        asio::co_spawn(io_,
                       kind == Kind::doh ? serve_https(std::move(stream), std::move(peer), *this, alive_)
                                         : serve_stream(std::move(stream), std::move(peer), *this, alive_),
                       [this, alive = alive_](const std::exception_ptr&) {
                           if (*alive) --stream_clients_;
                       });
    }

    asio::io_context& io_;
    const Settings settings_;
    const ServerParts parts_;
    const BlockedAnswer page_;
    asio::ssl::context client_tls_;
    TlsContext dot_tls_, doh_tls_;
    std::unique_ptr<Forwarder> forwarder_;
    Cache cache_;
    AddressNames address_names_;
    const Cookies cookies_;
    std::shared_ptr<bool> alive_;  // false once destroyed; touched on the io_context's thread only
    std::atomic<std::size_t> queued_ = 0;
    std::size_t stream_clients_ = 0;
    std::vector<UdpSocket> udp_;
    std::vector<std::unique_ptr<Acceptor>> acceptors_;
    std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(asio::io_context& io, const Settings& settings,
                                              const ServerParts& parts) {
    auto out = std::make_unique<RunningServer>(io, settings, parts);
    if (auto started = out->start(); !started) return started.error();
    return std::unique_ptr<Server>(std::move(out));
}

}  // namespace hort::dns
