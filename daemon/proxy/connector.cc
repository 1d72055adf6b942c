#include "daemon/proxy/connector.h"

#include "daemon/pending_timer.h"
#include "daemon/proxy/stream.h"

namespace hort::proxy {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
constexpr auto attempt_delay = 250ms;  // RFC 8305 section 8
constexpr auto connect_limit = 10s;
constexpr auto remember_failure_for = 10min;
constexpr std::size_t max_failures = 512;

// Those of IPv6 and IPv4 by turns, IPv6 first (RFC 8305 section 4).
std::vector<AddressBytes> in_order(const std::vector<AddressBytes>& addresses) {
    std::vector<AddressBytes> v4, v6, out;
    for (const auto& address : addresses) (is_v4(address) ? v4 : v6).push_back(address);
    for (std::size_t i = 0; i < std::max(v4.size(), v6.size()); ++i) {
        if (i < v6.size()) out.push_back(v6[i]);
        if (i < v4.size()) out.push_back(v4[i]);
    }
    return out;
}

bool is_own(const platform::Endpoint& target, const std::vector<platform::Endpoint>& own) {
    return std::any_of(own.begin(), own.end(), [&](const platform::Endpoint& listener) {
        return target.port == listener.port &&
               (target == listener || target.is_unspecified() ||
                (target.is_loopback() && (listener.is_loopback() || listener.is_unspecified())));
    });
}

// A socket whose ends have the same address leads to this machine, by whatever name.
bool leads_here(const tcp::socket& socket, const std::vector<platform::Endpoint>& own) {
    error_code fault, other;
    const auto remote = from_asio(socket.remote_endpoint(fault)), local = from_asio(socket.local_endpoint(other));
    return !fault && !other && remote.address == local.address &&
           std::any_of(own.begin(), own.end(), [&](const auto& listener) { return listener.port == remote.port; });
}

// What several attempts share. On the io_context's thread.
struct Race {
    explicit Race(const asio::any_io_executor& executor)
        : changed(executor, asio::steady_timer::time_point::max()), winner(executor) {}
    asio::steady_timer changed;  // cancelled whenever an attempt ended
    tcp::socket winner;
    platform::Endpoint won;
    bool is_won = false, is_over = false;
    int failed = 0;
    struct Attempt {
        platform::Endpoint target;
        std::weak_ptr<tcp::socket> socket;
        asio::steady_timer::time_point began;
    };
    std::vector<Attempt> attempts;
};

void attempt(const std::shared_ptr<Race>& race, const platform::Endpoint& target) {
    auto socket = std::make_shared<tcp::socket>(race->winner.get_executor());
    race->attempts.push_back({target, socket, asio::steady_timer::clock_type::now()});
    socket->async_connect(tcp::endpoint(to_asio(target.address), target.port),
                          [race, socket, target](const error_code& fault) {
                              if (race->is_over) return;
                              if (fault)
                                  ++race->failed;
                              else if (!race->is_won)
                                  race->winner = std::move(*socket), race->won = target, race->is_won = true;
                              race->changed.cancel();
                          });
}

}  // namespace

void FailedLately::note(const platform::Endpoint& place, Clock::time_point now) {
    if (until_.size() >= max_failures) std::erase_if(until_, [&](const auto& entry) { return entry.second <= now; });
    if (until_.size() >= max_failures) until_.erase(until_.begin());
    until_[{place.address, place.port}] = now + remember_failure_for;
}

bool FailedLately::has(const platform::Endpoint& place, Clock::time_point now) const {
    const auto it = until_.find({place.address, place.port});
    return it != until_.end() && it->second > now;
}

asio::awaitable<Resolved> resolve(NameResolver& resolver, std::string host) {
    Resolved out;
    if (const auto literal = platform::parse_address(host)) {
        out.addresses.push_back(*literal);
        co_return out;
    }
    const auto name = Hostname::parse(host);
    if (!name) co_return out;
    // localhost never leaves the machine (RFC 6761 section 6.3).
    if (name->suffix(1) == "localhost") {
        out.addresses = {*platform::parse_address("127.0.0.1"), *platform::parse_address("::1")};
        co_return out;
    }
    struct Wait {
        explicit Wait(const asio::any_io_executor& executor) : ready(executor, asio::steady_timer::time_point::max()) {}
        asio::steady_timer ready;
        bool is_done = false;
        Resolved found;
    };
    const auto wait = std::make_shared<Wait>(co_await asio::this_coro::executor);
    resolver.resolve(*name, [wait](Resolved found) {
        wait->found = std::move(found);
        wait->is_done = true;
        wait->ready.cancel();
    });
    error_code ignored;
    while (!wait->is_done) co_await wait->ready.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return std::move(wait->found);
}

asio::awaitable<Connected> connect_to(std::vector<AddressBytes> addresses, std::uint16_t port,
                                      const std::vector<platform::Endpoint>& own, FailedLately& failed_lately) {
    const auto executor = co_await asio::this_coro::executor;
    addresses = in_order(addresses);
    for (const auto& address : addresses)
        if (is_own({address, port}, own)) co_return Connected{tcp::socket(executor), 508};
    const auto race = std::make_shared<Race>(executor);
    const auto begin = std::chrono::steady_clock::now();
    const auto end = begin + connect_limit;
    std::stable_partition(addresses.begin(), addresses.end(), [&](const AddressBytes& address) {
        return !failed_lately.has({address, port}, begin);
    });
    std::size_t next = 0;
    bool is_late = false;
    while (!race->is_won && !is_late) {
        const bool is_idle = race->failed == static_cast<int>(next);
        if (is_idle && next == addresses.size()) break;
        if (next < addresses.size()) attempt(race, {addresses[next++], port});
        const auto now = std::chrono::steady_clock::now();
        const int failed = race->failed;
        // Until an attempt ends, or it is time for the next one.
        race->changed.expires_at(next < addresses.size() ? std::min(end, now + attempt_delay) : end);
        while (!race->is_won && race->failed == failed && race->changed.expiry() > std::chrono::steady_clock::now())
            co_await wait_for(race->changed);
        is_late = std::chrono::steady_clock::now() >= end;
    }
    race->is_over = true;
    error_code ignored;
    const auto now = std::chrono::steady_clock::now();
    for (const auto& [target, waiting, began] : race->attempts) {
        // It failed, or another one that began later was faster by far.
        const auto socket = waiting.lock();
        const bool is_winner = race->is_won && race->won == target;
        if (race->is_won && !is_winner && (!socket || now - began >= attempt_delay)) failed_lately.note(target, now);
        if (socket) socket->close(ignored);
    }
    if (!race->is_won) co_return Connected{tcp::socket(executor), is_late ? 504 : 502};
    if (leads_here(race->winner, own)) co_return Connected{tcp::socket(executor), 508};
    prepare(race->winner);
    co_return Connected{std::move(race->winner), 0};
}

}  // namespace hort::proxy
