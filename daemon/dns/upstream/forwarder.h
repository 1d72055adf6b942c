// Forwarder: finds the answer to a question at the upstream resolvers.
//
// Which upstreams a question may go to is told by the longest of the configured zones that it is in. Of these the next
// one is asked when one fails, or is slow to answer; one that failed repeatedly rests for a while. The same question
// under way is asked once. All on one thread, the io_context's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "daemon/daemon.h"
#include "daemon/dns/upstream/forwarder_settings.h"
#include "daemon/dns/upstream/transport.h"

namespace hort::dns {

class Forwarder {
  public:
    static constexpr std::size_t max_in_flight = 4000;              // questions in all
    static constexpr std::size_t max_in_flight_of_upstream = 1000;  // ... at one upstream

    // `tls` verifies servers; it outlives this.
    Forwarder(boost::asio::io_context& io, const UpstreamSettings& settings, asio::ssl::context& tls);
    ~Forwarder();

    // `done` gets an accepted answer, or none. It may be called before ask() returns. The name of `question` is copied.
    using Done = std::function<void(const Exchanged& answer)>;
    void ask(const Question& question, Done done);

    // No upstream that the question may go to answers just now, as far as is known.
    bool is_down(const Question& question) const;

    std::vector<UpstreamState> states() const;

  private:
    struct Upstream;
    struct Group;
    struct Flight;
    struct Race;
    using FlightPtr = std::shared_ptr<Flight>;
    const Group& group_of(const Question& question) const;
    static std::vector<std::shared_ptr<Upstream>> candidates(const Group& group, UpstreamMode mode);
    static asio::awaitable<Exchanged> ask_one(std::shared_ptr<Upstream> upstream, FlightPtr flight);
    static asio::awaitable<Exchanged> resolve(std::vector<std::shared_ptr<Upstream>> upstreams, UpstreamMode mode,
                                              FlightPtr flight);

    boost::asio::io_context& io_;
    const UpstreamMode mode_;
    std::vector<std::unique_ptr<Group>> groups_;  // the longest zone first; the last one is for everything
    // By name, type, class and flags. Shared with what is under way: it may outlive this.
    std::shared_ptr<std::map<std::string, FlightPtr>> flights_;
};

}  // namespace hort::dns
