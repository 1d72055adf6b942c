// Firewall: keeps what is done with traffic what the policy and the time say. On the io_context's thread.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>

#include "daemon/asio.h"
#include "daemon/daemon.h"
#include "daemon/enforce/enforcement.h"

namespace hort::enforce {

class Firewall {
  public:
    // What it does with the rules when the daemon ends: children have no network until it is back, or nothing holds
    // them.
    enum class AtEnd : std::uint8_t { closed, open };

    // `listen_for`: takes what an account wants at ports of its own, and says which. `web_port`: of the house.
    using ListenFor = std::function<Result<AccountPorts>(std::uint32_t account)>;
    static Result<std::unique_ptr<Firewall>> start(asio::io_context& io, Enforcement& enforcement,
                                                   const PolicyInForce& policy, std::uint16_t web_port, Gateway gateway,
                                                   ListenFor listen_for, AtEnd at_end);
    ~Firewall();

    // Another policy is in force, or another time on the wall.
    Status recheck();
    EnforcementState state() const;

  private:
    Firewall(asio::io_context& io, Enforcement& enforcement, const PolicyInForce& policy, std::uint16_t web_port,
             Gateway gateway, ListenFor listen_for, AtEnd at_end);

    Enforcement& enforcement_;
    const PolicyInForce& policy_;
    const std::uint16_t web_port_;
    const Gateway gateway_;
    const ListenFor listen_for_;
    const AtEnd at_end_;
    std::map<std::uint32_t, AccountPorts> ports_;  // of accounts; kept, so that a port means one account for ever
    FirewallPlan applied_;
    bool is_applied_ = false;
    asio::steady_timer timer_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hort::enforce
