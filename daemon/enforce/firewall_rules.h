// FirewallRules: a plan as it stands in the kernel. On the io_context's thread.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>

#include "daemon/asio.h"
#include "daemon/enforce/firewall_plan.h"
#include "platform/traffic_redirect.h"

namespace hort::enforce {

class FirewallRules {
  public:
    // See platform/traffic_redirect.h.
    static Result<std::unique_ptr<FirewallRules>> open(asio::io_context& io);
    ~FirewallRules();
    FirewallRules(const FirewallRules&) = delete;
    FirewallRules& operator=(const FirewallRules&) = delete;

    // On an error nothing has changed.
    Status apply(const FirewallPlan& plan);
    Status remove();
    bool are_there();

  private:
    FirewallRules(asio::io_context& io, std::unique_ptr<platform::TrafficRedirect> kernel);
    void watch();

    const std::unique_ptr<platform::TrafficRedirect> kernel_;
    std::string applied_;  // empty: nothing yet
    asio::posix::stream_descriptor changes_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hort::enforce
