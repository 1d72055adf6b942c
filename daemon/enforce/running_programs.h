// RunningPrograms: what happens to programs that run when they may not, any more: warned of before, stopped while it is
// a matter of time, ended where it is none. On the io_context's thread.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "daemon/asio.h"
#include "daemon/daemon.h"
#include "daemon/enforce/program_plan.h"
#include "platform/process_hold.h"
#include "platform/processes.h"

namespace hort::enforce {

class RunningPrograms {
  public:
    // What else a process is: guarded under another name, or a copy.
    using Alias = std::function<std::vector<std::string>(const platform::Process& process)>;

    // `instance`: see platform/process_hold.h.
    RunningPrograms(asio::io_context& io, const PolicyInForce& policy, Alias alias, const std::string& instance);
    ~RunningPrograms();

    // Another policy is in force, or time went on. `wanted` are the names that rules speak of (programs_of()).
    void recheck(const std::set<std::string>& wanted);
    // Why nothing can be stopped and continued; empty: it can.
    const std::string& hold_problem() const { return hold_problem_; }
    std::size_t held() const { return held_.size(); }

  private:
    using Key = std::pair<std::uint32_t, std::string>;  // account, program
    void watch();
    void look();
    void look_at(const platform::Process& process);
    void warn(std::uint32_t account, const std::string& program, std::int64_t seconds_left);
    void stop(const Key& key, const std::vector<platform::Process>& processes, Ending ending);
    void end_by_force_soon();
    std::vector<platform::Process> running(const Key& key) const;
    std::vector<std::string> names_of(const platform::Process& process) const;
    bool is_wanted(std::uint32_t account) const;
    void say(std::uint32_t account, const std::string& text) const;
    void arm(std::optional<std::int64_t> next, std::int64_t now);

    const PolicyInForce& policy_;
    const Alias alias_;
    const std::string own_program_;
    std::set<std::string> wanted_;
    std::unique_ptr<platform::Processes> processes_;
    std::unique_ptr<platform::ProcessHold> hold_;
    std::string hold_problem_;
    asio::posix::stream_descriptor connector_;
    asio::steady_timer timer_, force_timer_, batch_timer_;
    std::map<Key, Ending> blocked_;
    std::map<Key, std::int64_t> warned_;     // the end that was warned of, in awake seconds
    std::map<Key, std::string> held_;        // under which name
    std::vector<platform::Process> ending_;  // that were asked to end
    bool is_force_armed_ = false, is_blindness_said_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hort::enforce
