#include "daemon/enforce/firewall.h"

#include "daemon/log.h"
#include "daemon/pending_timer.h"
#include "platform/accounts.h"
#include "platform/clock.h"

namespace hort::enforce {

Result<std::unique_ptr<Firewall>> Firewall::start(asio::io_context& io, const PolicyInForce& policy,
                                                  std::uint16_t web_port, Gateway gateway, ListenFor listen_for,
                                                  AtEnd at_end) {
    auto rules = platform::TrafficRedirect::open();
    if (!rules) return rules.error();
    auto out = std::unique_ptr<Firewall>(
        new Firewall(io, *std::move(rules), policy, web_port, std::move(gateway), std::move(listen_for), at_end));
    if (auto applied = out->recheck(); !applied) return applied.error();
    return out;
}

Firewall::Firewall(asio::io_context& io, std::unique_ptr<platform::TrafficRedirect> rules, const PolicyInForce& policy,
                   std::uint16_t web_port, Gateway gateway, ListenFor listen_for, AtEnd at_end)
    : rules_(std::move(rules)),
      policy_(policy),
      web_port_(web_port),
      gateway_(std::move(gateway)),
      listen_for_(std::move(listen_for)),
      at_end_(at_end),
      timer_(io) {}

Firewall::~Firewall() {
    *alive_ = false;
    if (at_end_ == AtEnd::closed) return;
    if (auto removed = rules_->apply(commands_without()); !removed)
        log_line(Level::error, "the firewall's rules stay", {{"error", removed.error().text()}});
}

Status Firewall::recheck() {
    const auto port_of = [&](std::uint32_t account) -> std::uint16_t {
        if (const auto known = ports_.find(account); known != ports_.end()) return known->second;
        const auto port = listen_for_(account);
        // Led to nowhere, its questions are refused: closed, not open.
        if (!port) log_line(Level::error, "no port for the questions of an account", {{"error", port.error().text()}});
        return ports_[account] = port ? *port : std::uint16_t{1};
    };
    auto plan = plan_of(*policy_.load(), platform::now(), web_port_, gateway_, port_of, platform::subordinate_ids);
    timer_.cancel();
    if (plan.until) {
        // The steady clock is the awake clock.
        timer_.expires_at(asio::steady_timer::time_point(std::chrono::seconds(*plan.until)));
        timer_.async_wait([this, alive = alive_, pending = PendingTimer()](const error_code& fault) {
            if (!fault && *alive) (void)recheck();
        });
    }
    if (is_applied_ && plan.is_same(applied_)) return Done{};
    auto done = rules_->apply(commands_of(plan));
    if (!done) {
        log_line(Level::error, "the firewall keeps its former rules", {{"error", done.error().text()}});
        return done;
    }
    applied_ = std::move(plan);
    is_applied_ = true;
    return done;
}

}  // namespace hort::enforce
