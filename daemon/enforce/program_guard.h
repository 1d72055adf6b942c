// ProgramGuard: finds the files of the programs of a plan, and keeps them guarded. On the io_context's thread.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "daemon/asio.h"
#include "daemon/daemon.h"
#include "daemon/enforce/enforcement.h"
#include "platform/copy_guard.h"
#include "platform/exec_guard.h"

namespace hort::enforce {

class ProgramGuard {
  public:
    explicit ProgramGuard(asio::io_context& io);
    ~ProgramGuard();
    ProgramGuard(const ProgramGuard&) = delete;
    ProgramGuard& operator=(const ProgramGuard&) = delete;

    void hold(const ProgramPlan& plan);
    Enforcement::Programs state() const;
    // See Enforcement::guarded_as().
    std::vector<std::string> names_of(const platform::Process& process);

  private:
    void watch();
    void watch_mounts();
    void guard_copies();
    void look_for_files();

    InForce<ProgramPlan> plan_;
    std::vector<platform::ExecGuard::File> files_;
    std::unique_ptr<platform::ExecGuard> guard_;
    std::unique_ptr<platform::CopyGuard> copy_guard_;  // only where a rule names a file: it costs every start something
    std::size_t copies_ = 0;
    std::string problem_, copy_problem_;
    asio::posix::stream_descriptor changes_, mounts_;
    asio::steady_timer next_look_;
    asio::steady_timer::time_point looked_at_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hort::enforce
