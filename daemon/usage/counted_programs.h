// CountedPrograms: tells the meter which programs run that a budget speaks of, or that do not count. Where no rule
// asks, nothing wakes it.
//
// On the io_context's thread.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/asio.h"
#include "daemon/daemon.h"
#include "daemon/usage/meter.h"
#include "platform/processes.h"

namespace hort::usage {

class CountedPrograms {
  public:
    // `before` is called before the meter is told of programs that began or ended, for it counts up to then; `after`
    // when it was told.
    CountedPrograms(asio::io_context& io, Meter& meter, const PolicyInForce& policy, std::function<void()> before,
                    std::function<void()> after);
    ~CountedPrograms();
    CountedPrograms(const CountedPrograms&) = delete;
    CountedPrograms& operator=(const CountedPrograms&) = delete;

    // What counts from now on. The meter has adopted the policy, and counted up to now.
    void adopt(const Policy& policy);

  private:
    void wait();
    void read(const Policy& policy);
    void begin(const Policy& policy, const platform::Process& process);
    void end(std::int32_t id);

    Meter& meter_;
    const PolicyInForce& policy_;
    const std::function<void()> before_, after_;
    asio::posix::stream_descriptor connector_;
    std::unique_ptr<platform::Processes> processes_;
    struct Program {
        std::int64_t person = 0;
        std::vector<std::string> names;
    };
    std::map<std::int32_t, Program> programs_;  // by process
    bool is_blindness_said_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hort::usage
