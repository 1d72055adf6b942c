#include "daemon/enforce/programs.h"

#include "daemon/pending_timer.h"
#include "platform/accounts.h"
#include "platform/clock.h"

namespace hort::enforce {

Programs::Programs(asio::io_context& io, Enforcement& enforcement, const PolicyInForce& policy,
                   std::vector<std::string> folders, const std::string& instance)
    : enforcement_(enforcement),
      policy_(policy),
      folders_(std::move(folders)),
      timer_(io),
      running_(
          io, policy, [this](const platform::Process& process) { return enforcement_.guarded_as(process); }, instance) {
    recheck();
}

Programs::~Programs() { *alive_ = false; }

void Programs::recheck() {
    auto plan = plan_of(*policy_.load(), platform::now(), folders_, platform::home_of);
    timer_.cancel();
    if (plan.until) {
        // The steady clock is the awake clock.
        timer_.expires_at(asio::steady_timer::time_point(std::chrono::seconds(*plan.until)));
        timer_.async_wait([this, alive = alive_, pending = PendingTimer()](const error_code& fault) {
            if (!fault && *alive) recheck();
        });
    }
    if (!plan.is_same(plan_)) enforcement_.hold_programs(plan);
    plan_ = std::move(plan);
    running_.recheck(plan_.programs);
}

}  // namespace hort::enforce
