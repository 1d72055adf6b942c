#include <sys/random.h>

#include <array>
#include <chrono>

#include "daemon/dns/upstream/transport.h"
#include "daemon/pending_timer.h"

namespace hort::dns {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using asio::ip::tcp;
using asio::ip::udp;
using Failure = Exchanged::Failure;

// A packet may be lost: the question is sent again before it is given up.
constexpr std::chrono::milliseconds patience[] = {700ms, 1300ms};
constexpr auto tcp_patience = 4000ms;

std::uint8_t random_octet() {
    // Drawn from the kernel some hundred at a time.
    static thread_local std::array<std::uint8_t, 512> pool;
    static thread_local std::size_t left = 0;
    if (left == 0) {
        if (getrandom(pool.data(), pool.size(), 0) != static_cast<ssize_t>(pool.size()))
            throw std::runtime_error("getrandom failed");
        left = pool.size();
    }
    return pool[--left];
}

class Udp final : public Transport, public std::enable_shared_from_this<Udp> {
  public:
    explicit Udp(const platform::Endpoint& endpoint) : endpoint_(endpoint) {}

    asio::awaitable<Exchanged> exchange(const Question& question) override {
        const auto self = shared_from_this();
        WireName spelling;
        const auto mixed = mixed_case(question, spelling);
        auto out = co_await ask(mixed);
        // Who knows no EDNS answers FORMERR (RFC 6891 section 7).
        const bool is_plain_once = out.failure == Failure::none && out.about.rcode == format_error;
        if (is_plain_once) {
            with_edns_ = false;
            out = co_await ask(mixed);
            with_edns_ = out.failure != Failure::none || out.about.rcode == format_error;
        }
        if (out.failure == Failure::none && out.about.size < question.end)
            co_return Exchanged::failed(Failure::network);
        co_return out;
    }

  private:
    static constexpr std::uint8_t format_error = 1;

    asio::awaitable<Exchanged> ask(const Question& question) {
        const auto id = random_id();
        bool is_misspelled = false;
        auto out = co_await ask_udp(question, id, is_misspelled);
        // A server that changes the spelling may be a forger's voice: over TCP nobody can forge.
        if (is_misspelled || (out.failure == Failure::none && out.about.is_truncated)) {
            auto first = co_await (ask_tcp(question) || wait(tcp_patience));
            out = first.index() == 0 ? std::move(std::get<0>(first)) : Exchanged::failed(Failure::silent);
        }
        co_return out;
    }

    static asio::awaitable<void> wait(std::chrono::milliseconds time) {
        asio::steady_timer timer(co_await asio::this_coro::executor, time);
        co_await wait_for(timer);
    }

    asio::awaitable<Exchanged> ask_udp(const Question& question, std::uint16_t id, bool& is_misspelled) {
        error_code fault;
        const udp::endpoint endpoint(to_asio(endpoint_.address), endpoint_.port);
        udp::socket socket(co_await asio::this_coro::executor);
        socket.open(endpoint.protocol(), fault);
        // Connected: the kernel lets only this peer's packets in, and an unreachable port fails at once.
        if (!fault) socket.connect(endpoint, fault);
        if (fault) co_return Exchanged::failed(Failure::network);
        std::array<std::uint8_t, 512> query;
        const auto size = write_upstream_query(query, question, id, with_edns_);
        for (const auto time : patience) {
            co_await socket.async_send(asio::buffer(query.data(), size),
                                       asio::redirect_error(asio::use_awaitable, fault));
            if (fault) co_return Exchanged::failed(Failure::network);
            auto first = co_await (receive(socket, question, id, is_misspelled) || wait(time));
            if (first.index() == 0) co_return std::move(std::get<0>(first));
        }
        co_return Exchanged::failed(Failure::silent);
    }

    static asio::awaitable<Exchanged> receive(udp::socket& socket, const Question& question, std::uint16_t id,
                                              bool& is_misspelled) {
        std::vector<std::uint8_t> packet(4096);
        for (;;) {
            error_code fault;
            const auto got =
                co_await socket.async_receive(asio::buffer(packet), asio::redirect_error(asio::use_awaitable, fault));
            if (fault) co_return Exchanged::failed(Failure::network);
            Mismatch why = Mismatch::none;
            if (const auto about = accept_answer(std::span(packet).first(got), question, id, &why))
                co_return Exchanged{Failure::none, std::move(packet), *about};
            if (why == Mismatch::spelling) {
                is_misspelled = true;
                co_return Exchanged::failed(Failure::network);
            }
        }
    }

    asio::awaitable<Exchanged> ask_tcp(const Question& question) {
        error_code fault;
        tcp::socket socket(co_await asio::this_coro::executor);
        co_await socket.async_connect({to_asio(endpoint_.address), endpoint_.port},
                                      asio::redirect_error(asio::use_awaitable, fault));
        if (fault) co_return Exchanged::failed(Failure::network);
        std::array<std::uint8_t, 514> query;
        const auto id = random_id();
        const auto size = write_upstream_query(std::span(query).subspan(2), question, id, with_edns_);
        put16(query, 0, static_cast<unsigned>(size));
        co_await asio::async_write(socket, asio::buffer(query.data(), size + 2),
                                   asio::redirect_error(asio::use_awaitable, fault));
        while (!fault) {
            std::array<std::uint8_t, 2> prefix;
            co_await asio::async_read(socket, asio::buffer(prefix), asio::redirect_error(asio::use_awaitable, fault));
            if (fault) break;
            std::vector<std::uint8_t> packet(get16(prefix, 0));
            co_await asio::async_read(socket, asio::buffer(packet), asio::redirect_error(asio::use_awaitable, fault));
            if (fault) break;
            if (const auto about = accept_over_connection(packet, question, id))
                co_return Exchanged{Failure::none, std::move(packet), *about};
        }
        co_return Exchanged::failed(Failure::network);
    }

    const platform::Endpoint endpoint_;
    bool with_edns_ = true;
};

}  // namespace

std::optional<Answer> accept_over_connection(std::span<std::uint8_t> packet, const Question& question,
                                             std::uint16_t id) {
    Mismatch why = Mismatch::none;
    auto about = accept_answer(packet, question, id, &why);
    if (why == Mismatch::spelling) {
        std::copy(question.name.begin(), question.name.end(), packet.begin() + header_size);
        about = accept_answer(packet, question, id);
    }
    // There is room for all of it: what is truncated here is broken, and nowhere else to be had whole.
    if (about && about->is_truncated) return std::nullopt;
    return about;
}

std::uint16_t random_id() { return static_cast<std::uint16_t>(random_octet() << 8 | random_octet()); }

Question mixed_case(const Question& question, WireName& name) {
    std::copy(question.name.begin(), question.name.end(), name.octets.begin());
    name.size = question.name.size();
    std::uint8_t bits = 0;
    int left = 0;
    for (std::size_t i = 0; i < name.size; ++i) {
        auto& octet = name.octets[i];
        // Lengths of labels are below 64, letters above.
        if ((octet < 'A' || octet > 'Z') && (octet < 'a' || octet > 'z')) continue;
        if (left == 0) bits = random_octet(), left = 8;
        octet = static_cast<std::uint8_t>((octet & ~0x20) | ((bits & 1) != 0 ? 0x20 : 0));
        bits >>= 1, --left;
    }
    auto out = question;
    out.name = name.view();
    return out;
}

std::shared_ptr<Transport> make_udp_transport(const UpstreamAddress& address) {
    return std::make_shared<Udp>(address.endpoints.front());
}

}  // namespace hort::dns
