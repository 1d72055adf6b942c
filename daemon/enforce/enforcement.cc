#include "daemon/enforce/enforcement.h"

#include "daemon/enforce/asked_enforcement.h"
#include "daemon/enforce/firewall_rules.h"
#include "daemon/enforce/program_guard.h"

namespace hort::enforce {
namespace {

class OwnEnforcement final : public Enforcement {
  public:
    OwnEnforcement(asio::io_context& io, std::unique_ptr<FirewallRules> firewall)
        : firewall_(std::move(firewall)), programs_(io) {}
    Status hold_traffic(const FirewallPlan& plan) override { return firewall_->apply(plan); }
    Status let_traffic_go() override { return firewall_->remove(); }
    bool holds_traffic() override { return firewall_->are_there(); }
    void hold_programs(const ProgramPlan& plan) override { programs_.hold(plan); }
    Programs programs() override { return programs_.state(); }
    std::vector<std::string> guarded_as(const platform::Process& process) override {
        return programs_.names_of(process);
    }

  private:
    const std::unique_ptr<FirewallRules> firewall_;
    ProgramGuard programs_;
};

}  // namespace

Result<std::unique_ptr<Enforcement>> Enforcement::start(asio::io_context& io) {
    if (auto* monitor = platform::Monitor::in_use()) return ask_for_enforcement(*monitor);
    auto firewall = FirewallRules::open(io);
    if (!firewall) return firewall.error();
    return std::unique_ptr<Enforcement>(std::make_unique<OwnEnforcement>(io, *std::move(firewall)));
}

}  // namespace hort::enforce
