// Programs: keeps what is done with programs what the policy and the time say. On the io_context's thread.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "daemon/asio.h"
#include "daemon/daemon.h"
#include "daemon/enforce/enforcement.h"
#include "daemon/enforce/running_programs.h"

namespace hort::enforce {

class Programs {
  public:
    // `instance`: see platform/process_hold.h. `folders`: where programs are looked for by their file name, beside
    // those of the children's homes.
    Programs(asio::io_context& io, Enforcement& enforcement, const PolicyInForce& policy,
             std::vector<std::string> folders, const std::string& instance);
    ~Programs();

    // Another policy is in force, or another time on the wall.
    void recheck();
    const std::string& hold_problem() const { return running_.hold_problem(); }

  private:
    Enforcement& enforcement_;
    const PolicyInForce& policy_;
    const std::vector<std::string> folders_;
    ProgramPlan plan_;
    asio::steady_timer timer_;
    RunningPrograms running_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hort::enforce
