#include "daemon/dns/upstream/forwarder.h"

#include <sys/random.h>

#include <array>
#include <chrono>

#include "daemon/asio.h"
#include "daemon/pending_timer.h"

namespace hort::dns {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using asio::ip::tcp;
using asio::ip::udp;
constexpr auto udp_timeout = 1500ms, tcp_timeout = 4000ms;
constexpr int rounds = 2;  // how often all upstreams are tried

std::uint16_t random_id() {
    // Drawn from the kernel some hundred at a time.
    static thread_local std::array<std::uint16_t, 256> pool;
    static thread_local std::size_t left = 0;
    if (left == 0) {
        if (getrandom(pool.data(), sizeof pool, 0) != static_cast<ssize_t>(sizeof pool))
            throw std::runtime_error("getrandom failed");
        left = pool.size();
    }
    return pool[--left];
}

using Bytes = std::vector<std::uint8_t>;
struct Asked {
    Bytes answer;  // empty: no usable answer
    Answer about;
};

asio::awaitable<void> wait(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await wait_for(timer);
}

asio::awaitable<Asked> exchange_udp(const platform::Endpoint& upstream, const Question& question) {
    error_code fault;
    const udp::endpoint endpoint(to_asio(upstream.address), upstream.port);
    udp::socket socket(co_await asio::this_coro::executor);
    socket.open(endpoint.protocol(), fault);
    // Connected: the kernel lets only this peer's packets in, and an unreachable port fails at once.
    if (!fault) socket.connect(endpoint, fault);
    if (fault) co_return Asked{};
    std::array<std::uint8_t, 512> query;
    const auto id = random_id();
    const auto size = write_upstream_query(query, question, id);
    co_await socket.async_send(asio::buffer(query.data(), size), asio::redirect_error(asio::use_awaitable, fault));
    Bytes packet(4096);
    while (!fault) {
        const auto got =
            co_await socket.async_receive(asio::buffer(packet), asio::redirect_error(asio::use_awaitable, fault));
        if (fault) break;
        if (const auto about = accept_answer(std::span(packet).first(got), question, id)) {
            packet.resize(about->size);
            co_return Asked{std::move(packet), *about};
        }
    }
    co_return Asked{};
}

asio::awaitable<Asked> exchange_tcp(const platform::Endpoint& upstream, const Question& question) {
    error_code fault;
    tcp::socket socket(co_await asio::this_coro::executor);
    co_await socket.async_connect({to_asio(upstream.address), upstream.port},
                                  asio::redirect_error(asio::use_awaitable, fault));
    if (fault) co_return Asked{};
    std::array<std::uint8_t, 514> query;
    const auto id = random_id();
    const auto size = write_upstream_query(std::span(query).subspan(2), question, id);
    query[0] = static_cast<std::uint8_t>(size >> 8);
    query[1] = static_cast<std::uint8_t>(size);
    co_await asio::async_write(socket, asio::buffer(query.data(), size + 2),
                               asio::redirect_error(asio::use_awaitable, fault));
    while (!fault) {
        std::array<std::uint8_t, 2> prefix;
        co_await asio::async_read(socket, asio::buffer(prefix), asio::redirect_error(asio::use_awaitable, fault));
        if (fault) break;
        Bytes packet(static_cast<std::size_t>(prefix[0] << 8 | prefix[1]));
        co_await asio::async_read(socket, asio::buffer(packet), asio::redirect_error(asio::use_awaitable, fault));
        if (fault) break;
        if (const auto about = accept_answer(packet, question, id)) {
            packet.resize(about->size);
            co_return Asked{std::move(packet), *about};
        }
    }
    co_return Asked{};
}

// The exchange, or nothing when the time is up first.
asio::awaitable<Asked> within(std::chrono::milliseconds time, asio::awaitable<Asked> exchange) {
    auto first = co_await (std::move(exchange) || wait(time));
    if (first.index() == 0) co_return std::move(std::get<0>(first));
    co_return Asked{};
}

asio::awaitable<Asked> resolve(std::vector<platform::Endpoint> upstreams, std::shared_ptr<Forwarder::Job> job) {
    constexpr std::uint8_t server_failure = 2, refused = 5;
    Asked last;
    for (int round = 0; round < rounds; ++round) {
        for (const auto& upstream : upstreams) {
            auto asked = co_await within(udp_timeout, exchange_udp(upstream, job->question));
            if (!asked.answer.empty() && asked.about.is_truncated)
                asked = co_await within(tcp_timeout, exchange_tcp(upstream, job->question));
            if (asked.answer.empty()) continue;
            // Another upstream may know what this one failed on.
            if (asked.about.rcode != server_failure && asked.about.rcode != refused) co_return asked;
            last = std::move(asked);
        }
        if (!last.answer.empty()) break;
    }
    co_return last;
}

}  // namespace

Forwarder::Forwarder(asio::io_context& io, std::vector<platform::Endpoint> upstreams)
    : io_(io), upstreams_(std::move(upstreams)) {}

void Forwarder::ask(std::shared_ptr<Job> job, Done done) {
    if (in_flight_ >= max_in_flight) return done({}, 0);
    ++in_flight_;
    asio::co_spawn(io_, resolve(upstreams_, std::move(job)),
                   [this, done = std::move(done)](const std::exception_ptr& broken, Asked asked) {
                       --in_flight_;
                       if (broken)
                           done({}, 0);
                       else
                           done(std::move(asked.answer), asked.about.ttl);
                   });
}

std::shared_ptr<Forwarder::Job> make_job(std::span<const std::uint8_t> query, const Question& question) {
    auto job = std::make_shared<Forwarder::Job>();
    job->query.assign(query.begin(), query.end());
    job->question = question;
    job->question.name = std::span<const std::uint8_t>(job->query).subspan(header_size, question.name.size());
    return job;
}

}  // namespace hort::dns
