// Finds a host's addresses and opens a connection to one of them, IPv6 and IPv4 side by side (RFC 8305).
#pragma once

#include <chrono>
#include <map>

#include "daemon/asio.h"
#include "daemon/daemon.h"

namespace hort::proxy {

// Addresses that were tried without success lately, and come last for a while (RFC 8305 section 4): in a network where
// IPv6 leads nowhere, only the first connection waits for it. On one thread.
class FailedLately {
  public:
    using Clock = std::chrono::steady_clock;
    void note(const platform::Endpoint& place, Clock::time_point now);
    bool has(const platform::Endpoint& place, Clock::time_point now) const;

  private:
    using Place = std::pair<AddressBytes, std::uint16_t>;
    std::map<Place, Clock::time_point> until_;
};

// `host` is a host name or an IP address; no address when there is none.
asio::awaitable<Resolved> resolve(NameResolver& resolver, std::string host);

struct Connected {
    asio::ip::tcp::socket socket;
    int status = 0;  // of the error page when it failed: 502, 504 or 508
};

// The first that answers; the next one is tried beside it after a quarter of a second. `own` are this daemon's
// listeners, which are never connected to.
asio::awaitable<Connected> connect_to(std::vector<AddressBytes> addresses, std::uint16_t port,
                                      const std::vector<platform::Endpoint>& own, FailedLately& failed_lately);

}  // namespace hort::proxy
