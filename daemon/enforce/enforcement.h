// Enforcement: what takes root to hold traffic and programs, told in plans. On the io_context's thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/enforce/firewall_plan.h"
#include "daemon/enforce/program_plan.h"
#include "platform/processes.h"

namespace boost::asio {
class io_context;
}

namespace hort::enforce {

class Enforcement {
  public:
    virtual ~Enforcement() = default;
    // By the monitor where this process is a worker (platform/monitor.h), else in this process: fails where the right
    // to the firewall is missing.
    static Result<std::unique_ptr<Enforcement>> start(boost::asio::io_context& io);

    // Puts the plan in force, and back whenever somebody deletes it. On an error what was in force stays.
    virtual Status hold_traffic(const FirewallPlan& plan) = 0;
    virtual Status let_traffic_go() = 0;
    // Are the rules in the kernel?
    virtual bool holds_traffic() = 0;

    virtual void hold_programs(const ProgramPlan& plan) = 0;
    struct Programs {
        std::size_t files = 0;              // that are asked about
        std::size_t copies = 0;             // of programs that rules name by their files
        std::string problem, copy_problem;  // why no program is held, or no copy
    };
    virtual Programs programs() = 0;
    // What else a process is: guarded under another name, or a copy.
    virtual std::vector<std::string> guarded_as(const platform::Process& process) = 0;
};

}  // namespace hort::enforce
