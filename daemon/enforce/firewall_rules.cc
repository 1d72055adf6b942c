#include "daemon/enforce/firewall_rules.h"

#include "daemon/log.h"

namespace hort::enforce {

Result<std::unique_ptr<FirewallRules>> FirewallRules::open(asio::io_context& io) {
    auto kernel = platform::TrafficRedirect::open();
    if (!kernel) return kernel.error();
    return std::unique_ptr<FirewallRules>(new FirewallRules(io, *std::move(kernel)));
}

FirewallRules::FirewallRules(asio::io_context& io, std::unique_ptr<platform::TrafficRedirect> kernel)
    : kernel_(std::move(kernel)), changes_(io, kernel_->descriptor()) {
    watch();
}

FirewallRules::~FirewallRules() {
    *alive_ = false;
    changes_.release();
}

Status FirewallRules::apply(const FirewallPlan& plan) {
    auto commands = commands_of(plan);
    auto done = kernel_->apply(commands);
    // A table that another version of Hort left may have chains of other kinds: it goes, and ours comes.
    if (!done && applied_.empty()) done = kernel_->apply(commands_without() + commands);
    if (done) applied_ = std::move(commands);
    return done;
}

Status FirewallRules::remove() {
    applied_.clear();
    return kernel_->apply(commands_without());
}

bool FirewallRules::are_there() { return kernel_->has_table(std::string(own_table)); }

// Whoever loads the rules of this machine anew flushes ours with them (nftables.service does): they come back at once.
void FirewallRules::watch() {
    changes_.async_wait(asio::posix::stream_descriptor::wait_read, [this, alive = alive_](const error_code& fault) {
        if (fault || !*alive) return;
        if (kernel_->was_table_deleted() && !applied_.empty() && applied_ != commands_without() && !are_there()) {
            log_line(Level::warning, "the firewall's rules were deleted by somebody; they are put back");
            if (auto done = kernel_->apply(applied_); !done)
                log_line(Level::error, "the firewall's rules cannot be put back", {{"error", done.error().text()}});
        }
        watch();
    });
}

}  // namespace hort::enforce
