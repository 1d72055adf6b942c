// Programs: keeps the files of blocked programs guarded, and looks after those that run. On the io_context's thread.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <set>

#include "daemon/asio.h"
#include "daemon/daemon.h"
#include "daemon/enforce/program_plan.h"
#include "daemon/enforce/running_programs.h"
#include "platform/copy_guard.h"
#include "platform/exec_guard.h"

namespace hort::enforce {

class Programs {
  public:
    // `instance`: see platform/process_hold.h. `folders`: where programs are looked for by their file name, beside
    // those of the children's homes.
    static Result<std::unique_ptr<Programs>> start(asio::io_context& io, const PolicyInForce& policy,
                                                   std::vector<std::string> folders, const std::string& instance);
    ~Programs();

    // Another policy is in force.
    void recheck();
    std::size_t count() const { return guard_->count(); }
    // Programs of which copies are held, too; and why they are not, where that is so.
    std::size_t copies() const { return copy_guard_ ? copies_ : 0; }
    const std::string& copy_problem() const { return copy_problem_; }
    const std::string& hold_problem() const { return running_->hold_problem(); }

  private:
    Programs(asio::io_context& io, const PolicyInForce& policy, std::vector<std::string> folders,
             const std::string& instance);
    Status begin();
    void watch();
    void watch_mounts();
    void guard_copies();
    void look_for_files();
    std::vector<std::string> all_folders() const;

    const PolicyInForce& policy_;
    const std::vector<std::string> folders_;
    InForce<Subordinates> subordinates_;
    std::set<std::string> wanted_;
    std::set<std::uint32_t> accounts_;
    std::vector<platform::ExecGuard::File> files_;
    std::unique_ptr<platform::ExecGuard> guard_;
    std::unique_ptr<platform::CopyGuard> copy_guard_;  // only where a rule names a file: it costs every start something
    std::size_t copies_ = 0;
    std::string copy_problem_;
    asio::posix::stream_descriptor changes_, mounts_;
    asio::steady_timer next_look_;
    asio::steady_timer::time_point looked_at_;
    std::unique_ptr<RunningPrograms> running_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hort::enforce
