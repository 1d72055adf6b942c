// Programs: keeps the files of blocked programs guarded. On the io_context's thread.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <set>

#include "daemon/asio.h"
#include "daemon/daemon.h"
#include "daemon/enforce/program_plan.h"
#include "platform/exec_guard.h"

namespace hort::enforce {

class Programs {
  public:
    // `folders`: where programs are looked for by their file name, beside those of the children's homes.
    static Result<std::unique_ptr<Programs>> start(asio::io_context& io, const PolicyInForce& policy,
                                                   std::vector<std::string> folders);
    ~Programs();

    // Another policy is in force.
    void recheck();
    std::size_t count() const { return guard_->count(); }

  private:
    Programs(asio::io_context& io, const PolicyInForce& policy, std::vector<std::string> folders);
    Status begin();
    void watch();
    void look_for_files();
    std::vector<std::string> all_folders() const;

    const PolicyInForce& policy_;
    const std::vector<std::string> folders_;
    InForce<Subordinates> subordinates_;
    std::set<std::string> wanted_;
    std::set<std::uint32_t> accounts_;
    std::unique_ptr<platform::ExecGuard> guard_;
    asio::posix::stream_descriptor changes_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hort::enforce
