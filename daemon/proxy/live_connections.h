// LiveConnections: what passes the proxy right now, so that it ends in the second in which it is not allowed any more.
#pragma once

#include <functional>
#include <set>

#include "daemon/daemon.h"

namespace hort::proxy {

class LiveConnection {
  public:
    virtual ~LiveConnection() = default;
    // Asks again, and closes what is blocked by now. Returns when the answer can change through time alone.
    virtual std::optional<Moment> recheck(const Policy& policy, const Moment& now) = 0;
    // Since when nothing was asked of it, in steady nanoseconds; empty while something passes.
    virtual std::optional<std::int64_t> resting_since() const = 0;
    virtual void end() = 0;
};

// On the io_context's thread. Shared: at the end of the daemon connections outlive the listener.
struct LiveConnections {
    std::set<LiveConnection*> all;
    // Told of a connection that is allowed until then; empty when nobody listens any more.
    std::function<void(const std::optional<Moment>& until)> expect_change;

    // Makes room for another one: ends the one that rests longest. False when all are busy.
    bool end_longest_resting();
};

}  // namespace hort::proxy
