// LiveConnections: what passes the proxy right now, so that it ends in the second in which it is not allowed any more.
#pragma once

#include <set>

#include "daemon/daemon.h"

namespace hort::proxy {

class LiveConnection {
  public:
    virtual ~LiveConnection() = default;
    // Asks again, and closes what is blocked by now. Returns when the answer can change through time alone.
    virtual std::optional<Moment> recheck(const Policy& policy, const Moment& now) = 0;
};

// On the io_context's thread.
class LiveConnections {
  public:
    virtual ~LiveConnections() = default;
    void add(LiveConnection& connection) { all_.insert(&connection); }
    void remove(LiveConnection& connection) { all_.erase(&connection); }
    // A connection that was allowed until then.
    virtual void expect_change(const std::optional<Moment>& until) = 0;

  protected:
    std::set<LiveConnection*> all_;
};

}  // namespace hort::proxy
