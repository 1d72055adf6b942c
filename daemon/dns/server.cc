#include "daemon/dns/server.h"

#include "daemon/asio.h"
#include "daemon/pending_timer.h"
#include "platform/clock.h"

namespace hort::dns {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using asio::ip::tcp;
constexpr std::size_t cache_bytes = 8 << 20;
constexpr auto tcp_idle = 10s;            // RFC 7766 section 6.2.3: a few seconds
constexpr std::size_t max_queued = 4000;  // misses on their way from the UDP thread

// Runs `work` with an end: true when it finished in time with a true result.
asio::awaitable<bool> in_time(asio::awaitable<bool> work) {
    asio::steady_timer timer(co_await asio::this_coro::executor, tcp_idle);
    auto first = co_await (std::move(work) || wait_for(timer));
    co_return first.index() == 0 && std::get<0>(first);
}

asio::awaitable<bool> read_exactly(tcp::socket& socket, std::span<std::uint8_t> bytes) {
    error_code fault;
    co_await asio::async_read(socket, asio::buffer(bytes.data(), bytes.size()),
                              asio::redirect_error(asio::use_awaitable, fault));
    co_return !fault;
}

asio::awaitable<bool> write_all(tcp::socket& socket, std::span<const std::uint8_t> bytes) {
    error_code fault;
    co_await asio::async_write(socket, asio::buffer(bytes.data(), bytes.size()),
                               asio::redirect_error(asio::use_awaitable, fault));
    co_return !fault;
}

class RunningServer final : public Server {
  public:
    RunningServer(asio::io_context& io, std::unique_ptr<platform::PacketSocket> udp, tcp::acceptor acceptor,
                  std::vector<platform::Endpoint> upstreams, const PolicyInForce& policy, DecisionLog& log,
                  Counters& counters, TrafficMeter& meter)
        : io_(io),
          udp_(std::move(udp)),
          acceptor_(std::move(acceptor)),
          forwarder_(io, std::move(upstreams)),
          policy_(policy),
          cache_(cache_bytes),
          log_(log),
          counters_(counters),
          meter_(meter),
          alive_(std::make_shared<bool>(true)) {
        asio::co_spawn(io_, accept(), asio::detached);
        udp_thread_ = std::thread([this] { serve_udp(); });
    }

    ~RunningServer() override {
        *alive_ = false;
        udp_->interrupt();
        udp_thread_.join();
    }

    platform::Endpoint local() const override { return udp_->local(); }
    const Cache& cache() const override { return cache_; }

    void resolve(const Hostname& host, std::function<void(std::vector<AddressBytes>)> done) override {
        // IPv4 and IPv6 are asked at once; the answer comes when both are there.
        struct Both {
            std::vector<AddressBytes> v4, v6;
            int missing = 2;
        };
        auto both = std::make_shared<Both>();
        for (const auto type : {type::a, type::aaaa}) {
            std::vector<std::uint8_t> query(4096);
            query.resize(write_query(query, host.text(), type));
            const auto parsed = parse_question(query);
            const auto take = [both, type, done](std::span<const std::uint8_t> reply) {
                (type == type::a ? both->v4 : both->v6) = addresses_in(reply);
                if (--both->missing > 0) return;
                auto all = both->v4;
                all.insert(all.end(), both->v6.begin(), both->v6.end());
                done(std::move(all));
            };
            auto job = make_job(query, parsed.question);
            std::vector<std::uint8_t> buffer(65535);
            std::copy(query.begin(), query.end(), buffer.begin());
            if (const auto size = cache_.answer(buffer, job->question, platform::now().boot_seconds, buffer.size());
                size > 0)
                take(std::span<const std::uint8_t>(buffer).first(size));
            else
                ask(job, 65535, no_ttl_limit, take);
        }
    }

  private:
    FilterParts parts() { return {cache_, log_, counters_, meter_}; }

    void serve_udp() {
        const auto server = udp_->local();
        for (auto batch = udp_->receive(); !batch.empty(); batch = udp_->receive()) {
            const auto policy = policy_.load();
            const auto now = platform::now();
            for (auto& packet : batch) {
                const std::span<std::uint8_t> buffer(packet.data, platform::Packet::capacity);
                const auto subject = [&] { return subject_of(*policy, platform::Transport::udp, packet.from, server); };
                const auto handled = handle_query(buffer, packet.size, *policy, subject, now, true, parts());
                if (handled.next == Handled::Next::reply) packet.reply_size = handled.size;
                if (handled.next == Handled::Next::forward) forward_udp(packet, handled);
            }
            udp_->send_replies();
        }
    }

    // On the UDP thread.
    void forward_udp(const platform::Packet& packet, const Handled& handled) {
        if (queued_.load(std::memory_order_relaxed) >= max_queued) return;  // overload: the client asks again
        queued_.fetch_add(1, std::memory_order_relaxed);
        auto job = make_job({packet.data, packet.size}, handled.question);
        asio::post(io_, [this, alive = alive_, job = std::move(job), to = packet.from,
                         ttl_limit = handled.ttl_limit]() mutable {
            if (!*alive) return;
            queued_.fetch_sub(1, std::memory_order_relaxed);
            ask(job, udp_limit(job->question), ttl_limit,
                [this, to](std::span<const std::uint8_t> reply) { udp_->send(to, reply); });
        });
    }

    // Asks upstream, keeps the answer, and gives `send` the reply. On the io_context's thread.
    template <typename Send>
    void ask(const std::shared_ptr<Forwarder::Job>& job, std::size_t limit, std::uint32_t ttl_limit, Send send) {
        forwarder_.ask(job, [this, alive = alive_, job, limit, ttl_limit, send = std::move(send)](
                                std::vector<std::uint8_t> answer, std::uint32_t ttl) {
            if (!*alive) return;
            std::vector<std::uint8_t> buffer(std::max<std::size_t>(answer.size() + 64, 512));
            std::copy_n(job->query.begin(), job->question.end, buffer.begin());
            std::size_t size = 0;
            if (answer.empty()) {
                counters_.dns_failed.fetch_add(1, std::memory_order_relaxed);
                const ExtendedError why{extended_error::network_error, "no upstream answered"};
                size = write_error(buffer, job->question, Rcode::server_failure, &why);
            } else {
                cache_.keep(job->question, answer, ttl, platform::now().boot_seconds);
                size = write_kept_answer(buffer, job->question, answer, 0, limit, ttl_limit);
            }
            send(std::span<const std::uint8_t>(buffer).first(size));
        });
    }

    asio::awaitable<void> accept() {
        for (;;) {
            error_code fault;
            auto socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, fault));
            if (fault == asio::error::operation_aborted || fault == asio::error::bad_descriptor) co_return;
            if (fault) {  // out of descriptors: wait for some to come back, do not spin
                asio::steady_timer pause(io_, 100ms);
                co_await wait_for(pause);
                continue;
            }
            if (tcp_clients_ >= max_tcp_clients) continue;  // closes it
            ++tcp_clients_;
            asio::co_spawn(io_, serve_tcp(std::move(socket)), [this, alive = alive_](const std::exception_ptr&) {
                if (*alive) --tcp_clients_;
            });
        }
    }

    asio::awaitable<void> serve_tcp(tcp::socket socket) {
        error_code fault;
        const auto remote = socket.remote_endpoint(fault);
        if (fault) co_return;
        const auto client = from_asio(remote);
        const auto local = socket.local_endpoint(fault);
        if (fault) co_return;
        const auto server = from_asio(local);
        const std::shared_ptr<bool> alive = alive_;
        std::vector<std::uint8_t> buffer(65535 + 2);
        for (;;) {
            if (!co_await in_time(read_exactly(socket, std::span(buffer).first(2)))) co_return;
            const auto size = static_cast<std::size_t>(buffer[0] << 8 | buffer[1]);
            const auto message = std::span(buffer).subspan(2);
            if (!co_await in_time(read_exactly(socket, message.first(size))) || !*alive) co_return;
            const auto policy = policy_.load();
            const auto subject = [&] { return subject_of(*policy, platform::Transport::tcp, client, server); };
            const auto handled = handle_query(message, size, *policy, subject, platform::now(), false, parts());
            std::size_t reply = 0;
            if (handled.next == Handled::Next::reply) reply = handled.size;
            if (handled.next == Handled::Next::forward) {
                // A timer that never runs out stands for "the answer is there".
                asio::steady_timer ready(io_, asio::steady_timer::time_point::max());
                auto answer = std::make_shared<std::vector<std::uint8_t>>();
                ask(make_job(message.first(size), handled.question), 65535, handled.ttl_limit,
                    [&ready, answer](std::span<const std::uint8_t> bytes) {
                        answer->assign(bytes.begin(), bytes.end());
                        ready.cancel();
                    });
                if (answer->empty()) co_await ready.async_wait(asio::redirect_error(asio::use_awaitable, fault));
                if (!*alive) co_return;
                reply = answer->size();
                std::copy(answer->begin(), answer->end(), message.begin());
            }
            if (reply == 0) co_return;  // nothing that could be answered: close
            buffer[0] = static_cast<std::uint8_t>(reply >> 8);
            buffer[1] = static_cast<std::uint8_t>(reply);
            if (!co_await in_time(write_all(socket, std::span(buffer).first(reply + 2)))) co_return;
        }
    }

    asio::io_context& io_;
    std::unique_ptr<platform::PacketSocket> udp_;
    tcp::acceptor acceptor_;
    Forwarder forwarder_;
    const PolicyInForce& policy_;
    Cache cache_;
    DecisionLog& log_;
    Counters& counters_;
    TrafficMeter& meter_;
    std::shared_ptr<bool> alive_;  // false once destroyed; touched on the io_context's thread only
    std::atomic<std::size_t> queued_ = 0;
    std::size_t tcp_clients_ = 0;
    std::thread udp_thread_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(asio::io_context& io, const platform::Endpoint& listen,
                                              std::vector<platform::Endpoint> upstreams, const PolicyInForce& policy,
                                              DecisionLog& log, Counters& counters, TrafficMeter& meter) {
    auto udp = platform::PacketSocket::bind(listen);
    if (!udp) return udp.error();
    const auto bound = (*udp)->local();
    error_code fault;
    tcp::acceptor acceptor(io);
    const tcp::endpoint endpoint(to_asio(bound.address), bound.port);
    acceptor.open(endpoint.protocol(), fault);
    if (!fault) acceptor.set_option(tcp::acceptor::reuse_address(true), fault);
    if (!fault) acceptor.bind(endpoint, fault);
    if (!fault) acceptor.listen(128, fault);
    if (fault)
        return Error{"cannot listen for DNS over TCP: " + fault.message(), bound.text(),
                     "choose another port with --dns"};
    return std::unique_ptr<Server>(std::make_unique<RunningServer>(io, *std::move(udp), std::move(acceptor),
                                                                   std::move(upstreams), policy, log, counters, meter));
}

}  // namespace hort::dns
