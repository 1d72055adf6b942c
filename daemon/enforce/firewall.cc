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
    out->watch();
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
      changes_(io, rules_->descriptor()),
      timer_(io) {}

Firewall::~Firewall() {
    *alive_ = false;
    changes_.release();
    if (at_end_ == AtEnd::closed) return;
    if (auto removed = rules_->apply(commands_without()); !removed)
        log_line(Level::error, "the firewall's rules stay", {{"error", removed.error().text()}});
}

// Whoever loads the rules of this machine anew flushes ours with them (nftables.service does): they come back at once.
void Firewall::watch() {
    changes_.async_wait(asio::posix::stream_descriptor::wait_read, [this, alive = alive_](const error_code& fault) {
        if (fault || !*alive) return;
        const bool is_ours_missing = rules_->was_table_deleted() && is_applied_ &&
                                     commands_of(applied_) != commands_without() &&
                                     !rules_->has_table(std::string(own_table));
        if (is_ours_missing) {
            log_line(Level::warning, "the firewall's rules were deleted by somebody; they are put back");
            is_applied_ = false;
            (void)recheck();
        }
        watch();
    });
}

EnforcementState Firewall::state() const {
    EnforcementState out;
    out.is_there = rules_->has_table(std::string(own_table));
    out.accounts = applied_.children.size();
    for (const auto& child : applied_.children) out.closed += child.is_closed;
    out.web_port = web_port_;
    out.fails_closed = at_end_ == AtEnd::closed;
    out.interfaces = gateway_.interfaces;
    for (const auto& device : applied_.devices) out.devices += device.hold.has_value();
    out.holds_others = applied_.others.has_value();
    return out;
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
    // A table that another version of Hort left may have chains of other kinds: it goes, and ours comes.
    if (!done && !is_applied_) done = rules_->apply(commands_without() + commands_of(plan));
    if (!done) {
        log_line(Level::error, "the firewall keeps its former rules", {{"error", done.error().text()}});
        return done;
    }
    applied_ = std::move(plan);
    is_applied_ = true;
    return done;
}

}  // namespace hort::enforce
