#include "daemon/proxy/listener.h"

#include "daemon/asio.h"
#include "daemon/pending_timer.h"
#include "daemon/proxy/http_session.h"
#include "platform/clock.h"

namespace hort::proxy {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;

class RunningListener final : public Listener {
  public:
    RunningListener(asio::io_context& io, tcp::acceptor acceptor, const PolicyInForce& policy, NameResolver& resolver,
                    DecisionLog& log, Counters& counters, TrafficMeter& meter)
        : io_(io),
          acceptor_(std::move(acceptor)),
          timer_(io),
          own_(from_asio(acceptor_.local_endpoint())),
          parts_{policy, resolver, log, counters, meter, live_, own_} {
        live_->expect_change = [this](const std::optional<Moment>& until) { expect_change(until); };
        asio::co_spawn(io_, accept(), asio::detached);
    }
    ~RunningListener() override {
        *alive_ = false;
        live_->expect_change = nullptr;
    }
    platform::Endpoint local() const override { return own_; }

    void recheck() override {
        next_ = INT64_MAX;
        if (live_->all.empty()) {
            timer_.cancel();
            return;
        }
        const auto policy = parts_.policy.load();
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

    asio::awaitable<void> accept() {
        for (;;) {
            error_code fault;
            auto socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, fault));
            if (fault == asio::error::operation_aborted || fault == asio::error::bad_descriptor) co_return;
            if (fault) {
                asio::steady_timer pause(io_, 100ms);
                co_await wait_for(pause);
                continue;
            }
            if (clients_ >= max_clients) continue;
            ++clients_;
            asio::co_spawn(io_, serve_session(std::move(socket), parts_),
                           [this, alive = alive_](const std::exception_ptr&) {
                               if (*alive) --clients_;
                           });
        }
    }

    asio::io_context& io_;
    tcp::acceptor acceptor_;
    asio::steady_timer timer_;
    std::int64_t next_ = INT64_MAX;  // awake second at which a live connection may have to end
    const platform::Endpoint own_;
    const std::shared_ptr<LiveConnections> live_ = std::make_shared<LiveConnections>();
    const SessionParts parts_;
    std::size_t clients_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::start(asio::io_context& io, const platform::Endpoint& listen,
                                                  const PolicyInForce& policy, NameResolver& resolver, DecisionLog& log,
                                                  Counters& counters, TrafficMeter& meter) {
    error_code fault;
    tcp::acceptor acceptor(io);
    const tcp::endpoint endpoint(to_asio(listen.address), listen.port);
    acceptor.open(endpoint.protocol(), fault);
    if (!fault) acceptor.set_option(tcp::acceptor::reuse_address(true), fault);
    if (!fault) acceptor.bind(endpoint, fault);
    if (!fault) acceptor.listen(1024, fault);
    if (fault)
        return Error{"cannot listen as a proxy: " + fault.message(), listen.text(), "choose another port with --proxy"};
    return std::unique_ptr<Listener>(
        std::make_unique<RunningListener>(io, std::move(acceptor), policy, resolver, log, counters, meter));
}

}  // namespace hort::proxy
