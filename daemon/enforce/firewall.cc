#include "daemon/enforce/firewall.h"

#include "daemon/log.h"
#include "daemon/pending_timer.h"
#include "platform/clock.h"

namespace hort::enforce {

Result<std::unique_ptr<Firewall>> Firewall::start(asio::io_context& io, Enforcement& enforcement,
                                                  const PolicyInForce& policy, std::uint16_t web_port, Gateway gateway,
                                                  ListenFor listen_for, AtEnd at_end) {
    auto out = std::unique_ptr<Firewall>(
        new Firewall(io, enforcement, policy, web_port, std::move(gateway), std::move(listen_for), at_end));
    if (auto applied = out->recheck(); !applied) return applied.error();
    return out;
}

Firewall::Firewall(asio::io_context& io, Enforcement& enforcement, const PolicyInForce& policy, std::uint16_t web_port,
                   Gateway gateway, ListenFor listen_for, AtEnd at_end)
    : enforcement_(enforcement),
      policy_(policy),
      web_port_(web_port),
      gateway_(std::move(gateway)),
      listen_for_(std::move(listen_for)),
      at_end_(at_end),
      timer_(io) {}

Firewall::~Firewall() {
    *alive_ = false;
    if (at_end_ == AtEnd::closed) return;
    if (auto removed = enforcement_.let_traffic_go(); !removed)
        log_line(Level::error, "the firewall's rules stay", {{"error", removed.error().text()}});
}

EnforcementState Firewall::state() const {
    EnforcementState out;
    out.is_there = enforcement_.holds_traffic();
    out.accounts = applied_.children.size();
    for (const auto& child : applied_.children) out.closed += child.is_closed;
    out.fails_closed = at_end_ == AtEnd::closed;
    out.interfaces = gateway_.interfaces;
    for (const auto& device : applied_.devices) out.devices += device.hold.has_value();
    out.holds_others = applied_.others.has_value();
    return out;
}

Status Firewall::recheck() {
    const auto ports_of = [&](std::uint32_t account) {
        if (const auto known = ports_.find(account); known != ports_.end()) return known->second;
        const auto ports = listen_for_(account);
        // Led to nowhere, what it wants is refused: closed, not open.
        if (!ports) log_line(Level::error, "no ports for an account", {{"error", ports.error().text()}});
        return ports_[account] = ports ? *ports : AccountPorts{1, 1};
    };
    auto plan = plan_of(*policy_.load(), platform::now(), web_port_, gateway_, ports_of);
    timer_.cancel();
    if (plan.until) {
        // The steady clock is the awake clock.
        timer_.expires_at(asio::steady_timer::time_point(std::chrono::seconds(*plan.until)));
        timer_.async_wait([this, alive = alive_, pending = PendingTimer()](const error_code& fault) {
            if (!fault && *alive) (void)recheck();
        });
    }
    if (is_applied_ && plan.is_same(applied_)) return Done{};
    auto done = enforcement_.hold_traffic(plan);
    if (!done) {
        log_line(Level::error, "the firewall keeps its former rules", {{"error", done.error().text()}});
        return done;
    }
    applied_ = std::move(plan);
    is_applied_ = true;
    return done;
}

}  // namespace hort::enforce
