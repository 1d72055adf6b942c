// Timekeeper: keeps the meter, the ledger and the enforcer going, with one timer, and publishes policies that hold what
// is used.
//
// On the io_context's thread, but for passed(). Events come from the session manager, from DNS and the proxy, and from
// whoever sets the clock; while nobody uses anything, nothing wakes it.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "daemon/daemon.h"
#include "daemon/store/ledger.h"
#include "daemon/store/people.h"
#include "daemon/usage/enforcer.h"

namespace boost::asio {
class io_context;
}

namespace hort::usage {

class Timekeeper : public TrafficMeter {
  public:
    struct Parts {
        store::Database& database;
        store::People& people;
        store::Ledger& ledger;
        PolicyInForce& policy;
        std::function<void()> published;  // called after each publishing
        std::string instance;             // tells daemons on one machine apart (platform/process_hold.h)
    };
    static std::unique_ptr<Timekeeper> start(boost::asio::io_context& io, const Parts& parts);

    // Fills in what is used, and puts the policy in force.
    virtual void put_in_force(std::shared_ptr<Policy> policy) = 0;
    // Brings the policy in force and the ledger up to now.
    virtual void catch_up() = 0;
    // Keeps what is not kept yet; before the end.
    virtual void flush() = 0;
    // The ledger's day now.
    virtual Day today() const = 0;
    // Whether somebody tells of sessions; why not, otherwise.
    virtual std::string session_problem() const = 0;
    virtual std::set<std::int64_t> in_use() const = 0;
    // What an application is called whose name stands in the ledger.
    virtual std::string title_of_application(const std::string& name) = 0;
};

}  // namespace hort::usage
