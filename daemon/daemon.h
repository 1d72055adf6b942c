// What the parts of the daemon see of each other: the policy in force, and where a decision is noted.
//
// daemon.cc wires the parts and owns the threads; the folders beside it include only this header and store/.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
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
    const bool has_accounts = !policy.by_account.empty() || !policy.group_by_account.empty();
    if (has_accounts && platform::is_of_this_machine(client.address)) {
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

// Where decisions about supervised persons and devices are noted; it knows what may be kept. Any thread; must not
// block.
class DecisionLog {
  public:
    virtual ~DecisionLog() = default;
    virtual void noted(Channel channel, const Subject& who, const Hostname& host, const Decision& decision,
                       const Moment& now) = 0;
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

struct Resolved {
    std::vector<AddressBytes> addresses;
    std::vector<Hostname> names;  // that the host is an alias of
};

// Finds the addresses of a host without asking the decision core: the asker has decided already. On the io_context's
// thread; `done` may be called before resolve() returns, with no address when there is none.
class NameResolver {
  public:
    virtual ~NameResolver() = default;
    virtual void resolve(const Hostname& host, std::function<void(Resolved)> done) = 0;
    // For which names this address was given lately; the last one at the end.
    virtual std::vector<Hostname> names_of(const AddressBytes& address) const = 0;
};

// What is known of an upstream resolver.
struct UpstreamState {
    std::string address;
    std::string zone;  // empty: for everything else
    bool is_resting = false;
    std::uint64_t answered = 0, failed = 0;
    std::int64_t round_trip = 0;  // microseconds, smoothed; 0: not known
};

// What others may know and ask of the DNS side. On the io_context's thread.
class DnsFront {
  public:
    virtual ~DnsFront() = default;
    virtual std::vector<UpstreamState> upstreams() const = 0;
    struct CacheState {
        std::size_t entries = 0, bytes = 0;
    };
    virtual CacheState cache_state() const = 0;
    // Forgets a name and all below it; the empty name: everything. Returns how many answers went.
    virtual std::size_t flush(std::string_view host) = 0;
};

// What the firewall does with the traffic of the supervised, as it can be shown.
struct EnforcementState {
    bool is_there = false;  // the table in the kernel
    std::size_t accounts = 0, closed = 0;
    bool fails_closed = true;
    bool has_worker = false;                 // what strangers send is read by an account that may do nothing
    std::optional<std::size_t> programs;     // files that are asked about; nothing: they cannot be
    std::size_t copies = 0;                  // of programs that rules name by their files
    std::string copy_problem, hold_problem;  // why no copy is held, and nothing can be stopped and continued
    std::vector<std::string> interfaces;     // of which this machine is the gateway
    std::size_t devices = 0;                 // that are known there, and held
    bool holds_others = false;               // there, what belongs to nobody known
};

// Where a child asks a guardian. On the io_context's thread.
class AskDesk {
  public:
    virtual ~AskDesk() = default;
    // For a site, or for `minutes` more time when there are any.
    virtual Status ask(std::int64_t person, const std::string& site, std::int64_t minutes, const std::string& why) = 0;
};

// What others may know and ask of interception. On the io_context's thread.
class Interception {
  public:
    virtual ~Interception() = default;
    struct AuthorityState {
        std::string pem, fingerprint, file;
    };
    // Fails where there is none, with what to do about it.
    virtual Result<AuthorityState> authority() const = 0;
    // Makes one where there is none, or another one.
    virtual Result<AuthorityState> make_authority(bool is_new) = 0;
    // Sites that are left alone for a while, because a program did not take our certificate.
    virtual std::vector<std::string> left_alone() const = 0;
};

// Counters since the start, for status. Any thread.
struct Counters {
    std::atomic<std::uint64_t> dns_queries = 0, dns_blocked = 0, dns_cached = 0, dns_forwarded = 0, dns_failed = 0,
                               dns_stale = 0, dns_limited = 0;
    std::atomic<std::uint64_t> proxy_requests = 0, proxy_blocked = 0, proxy_refused = 0;
};

}  // namespace hort
