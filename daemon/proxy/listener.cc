#include "daemon/proxy/listener.h"

#include <openssl/rand.h>

#include <list>
#include <stdexcept>

#include "daemon/asio.h"
#include "daemon/listening.h"
#include "daemon/proxy/http_session.h"
#include "platform/clock.h"

namespace hort::proxy {
namespace {

using asio::ip::tcp;

std::string random_key() {
    std::string out(32, 0);
    if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) != 1)
        throw std::runtime_error("no random octets");
    return out;
}

class RunningListener final : public Listener {
  public:
    RunningListener(asio::io_context& io, tcp::acceptor acceptor, std::vector<tcp::acceptor> transparent,
                    Settings settings, const PolicyInForce& policy, NameResolver& resolver, Refusals& log,
                    Counters& counters, TrafficMeter& meter, AskDesk& ask_desk, Interceptor* interceptor)
        : io_(io),
          acceptor_(std::move(acceptor)),
          timer_(io),
          own_(from_asio(acceptor_.local_endpoint())),
          policy_(policy) {
        settings.own.push_back(own_);
        for (const auto& one : transparent) settings.own.push_back(from_asio(one.local_endpoint()));
        parts_ = std::make_shared<const SessionParts>(
            SessionParts{policy, resolver, log, counters, meter, live_,
                         std::make_shared<UpstreamPool>(io.get_executor()), std::make_shared<FailedLately>(),
                         std::make_shared<const AskTokens>(random_key()), ask_desk, interceptor, std::move(settings)});
        live_->expect_change = [this](const std::optional<Moment>& until) { expect_change(until); };
        asio::co_spawn(io_, accept_all(acceptor_, alive_, [this](tcp::socket socket) { serve(std::move(socket), {}); }),
                       asio::detached);
        for (auto& one : transparent) take_redirected(std::move(one), {});
    }
    ~RunningListener() override {
        *alive_ = false;
        live_->expect_change = nullptr;
    }
    platform::Endpoint local() const override { return own_; }

    Result<std::uint16_t> listen_for(std::uint32_t account) override {
        std::vector<tcp::acceptor> opened;
        const auto open = [&](const platform::Endpoint& place) -> Result<std::uint16_t> {
            auto one = listen_at(io_, place, "for redirected connections", {});
            if (!one) return one.error();
            opened.push_back(*std::move(one));
            return opened.back().local_endpoint().port();
        };
        const auto port = open_on_loopback(open, [&] { opened.clear(); });
        if (port)
            for (auto& one : opened) take_redirected(std::move(one), account);
        return port;
    }

    void recheck() override {
        next_ = INT64_MAX;
        if (live_->all.empty()) {
            timer_.cancel();
            return;
        }
        const auto policy = policy_.load();
        const auto now = platform::now();
        for (auto* connection : live_->all) note(connection->recheck(*policy, now));
        arm();
    }

  private:
    void note(const std::optional<Moment>& until) {
        if (until) next_ = std::min(next_, until->awake_seconds);
    }

    void expect_change(const std::optional<Moment>& until) {
        const auto before = next_;
        note(until);
        if (next_ != before) arm();
    }

    void arm() {
        if (next_ == INT64_MAX) {
            timer_.cancel();
            return;
        }
        // The steady clock is the awake clock.
        timer_.expires_at(asio::steady_timer::time_point(std::chrono::seconds(next_)));
        timer_.async_wait([this, alive = alive_, pending = PendingTimer()](const error_code& fault) {
            if (!fault && *alive) recheck();
        });
    }

    void take_redirected(tcp::acceptor acceptor, std::optional<std::uint32_t> account) {
        auto& kept = redirected_.emplace_back(std::move(acceptor));
        asio::co_spawn(io_,
                       accept_all(kept, alive_,
                                  [this, account](tcp::socket socket) {
                                      serve(std::move(socket), {true, account});
                                  }),
                       asio::detached);
    }

    void serve(tcp::socket socket, const Arrival& arrival) {
        // Whoever opens many connections and asks for nothing loses them first; others get in.
        if (clients_ >= parts_->settings.max_clients && !live_->end_longest_resting()) return;  // closes it
        ++clients_;
        asio::co_spawn(io_, serve_session(std::move(socket), parts_, arrival),
                       [this, alive = alive_](const std::exception_ptr&) {
                           if (*alive) --clients_;
                       });
    }

    asio::io_context& io_;
    tcp::acceptor acceptor_;
    std::list<tcp::acceptor> redirected_;  // where they stay while more come
    asio::steady_timer timer_;
    std::int64_t next_ = INT64_MAX;  // awake second at which a live connection may have to end
    const platform::Endpoint own_;
    const std::shared_ptr<LiveConnections> live_ = std::make_shared<LiveConnections>();
    const PolicyInForce& policy_;
    std::shared_ptr<const SessionParts> parts_;
    std::size_t clients_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::start(asio::io_context& io, Settings settings, const PolicyInForce& policy,
                                                  NameResolver& resolver, Refusals& log, Counters& counters,
                                                  TrafficMeter& meter, AskDesk& ask_desk, Interceptor* interceptor) {
    auto acceptor = listen_at(io, settings.listen, "as a proxy", "choose another port with --proxy");
    if (!acceptor) return acceptor.error();
    std::vector<tcp::acceptor> transparent;
    for (const auto& place : settings.transparent) {
        auto one = listen_at(io, place, "for redirected connections", "choose another place for \"transparent\"");
        if (!one) return one.error();
        transparent.push_back(*std::move(one));
    }
    return std::unique_ptr<Listener>(std::make_unique<RunningListener>(io, *std::move(acceptor), std::move(transparent),
                                                                       std::move(settings), policy, resolver, log,
                                                                       counters, meter, ask_desk, interceptor));
}

}  // namespace hort::proxy
