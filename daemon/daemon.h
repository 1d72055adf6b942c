// What the parts of the daemon see of each other: the policy in force, and where a decision is noted.
//
// daemon.cc wires the parts and owns the threads; the folders beside it include only this header and store/.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "platform/endpoint.h"
#include "platform/neighbours.h"
#include "platform/socket_owner.h"
#include "rules/decision.h"

namespace hort {

// An immutable snapshot that is swapped for the next one. Readers never wait for a writer that builds: the lock covers
// the copy of one pointer. (Not std::atomic<std::shared_ptr>: libstdc++ 12 unlocks its load() relaxed, which is a data
// race.)
template <typename Snapshot>
class InForce {
  public:
    std::shared_ptr<const Snapshot> load() const {
        const std::lock_guard lock(mutex_);
        return snapshot_;
    }

    // The old one ends with its last reader, or here, outside the lock.
    void publish(std::shared_ptr<const Snapshot> snapshot) {
        const std::lock_guard lock(mutex_);
        snapshot_.swap(snapshot);
    }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Snapshot> snapshot_;
};
using PolicyInForce = InForce<Policy>;

// What the machine knows of a client: the owner of the socket for one on this machine, the network interface for a
// neighbour. The kernel is asked only when something of the kind is bound to someone, so that it costs nothing where it
// can change nothing.
inline Client client_of(const Policy& policy, platform::Transport transport, const platform::Endpoint& client,
                        const platform::Endpoint& server, std::string_view id = {}) {
    Client out{{}, client.address, {}, id};
    if (client.is_loopback()) {
        if (!policy.by_account.empty() || !policy.group_by_account.empty())
            out.account = platform::socket_owner(transport, client, server);
    } else if (!policy.by_hardware.empty()) {
        out.hardware = platform::hardware_address_of(client.address);
    }
    return out;
}

inline Subject subject_of(const Policy& policy, platform::Transport transport, const platform::Endpoint& client,
                          const platform::Endpoint& server) {
    return policy.subject(client_of(policy, transport, client, server));
}

enum class Channel : std::uint8_t { dns, proxy };

// Where blocked attempts are noted. Any thread; must not block. Never called for protected help.
class DecisionLog {
  public:
    virtual ~DecisionLog() = default;
    virtual void blocked(Channel channel, const Subject& who, const Hostname& host, const Decision& decision) = 0;
};

// Where traffic that was allowed is noted. Any thread; must not block.
class TrafficMeter {
  public:
    virtual ~TrafficMeter() = default;
    virtual void passed(std::int64_t person, const Hostname& host, bool is_by_account) = 0;
    void passed(const Subject& who, const Hostname& host, const Decision& decision) {
        if (who.person != nullptr && who.profile->is_supervised && decision.leaves_a_trace())
            passed(who.person->id, host, who.is_by_account);
    }
};

// Finds the addresses of a host without asking the decision core: the asker has decided already. On the io_context's
// thread; `done` may be called before resolve() returns, with no address when there is none.
class NameResolver {
  public:
    virtual ~NameResolver() = default;
    virtual void resolve(const Hostname& host, std::function<void(std::vector<AddressBytes>)> done) = 0;
};

// Counters since the start, for status. Any thread.
struct Counters {
    std::atomic<std::uint64_t> dns_queries = 0, dns_blocked = 0, dns_cached = 0, dns_forwarded = 0, dns_failed = 0,
                               dns_stale = 0, dns_limited = 0;
    std::atomic<std::uint64_t> proxy_requests = 0, proxy_blocked = 0, proxy_refused = 0;
};

}  // namespace hort
