// Forwarder: asks the configured upstream resolvers, over UDP and, when an answer is truncated, TCP.
//
// Each query has a random id and a socket of its own, so a random source port (RFC 5452); an answer that does not match
// its question to the letter is ignored. All on one thread, the io_context's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "daemon/dns/message.h"
#include "platform/endpoint.h"

namespace hort::dns {

class Forwarder {
  public:
    static constexpr std::size_t max_in_flight = 2000;

    Forwarder(boost::asio::io_context& io, std::vector<platform::Endpoint> upstreams);

    // `query` is the client's packet, whose `question` points into its own copy. `done` gets the normalised answer
    // and how long it may be kept, or an empty answer when no upstream gave one.
    struct Job {
        std::vector<std::uint8_t> query;
        Question question;  // name points into `query`
    };
    using Done = std::function<void(std::vector<std::uint8_t> answer, std::uint32_t ttl)>;
    void ask(std::shared_ptr<Job> job, Done done);

    const std::vector<platform::Endpoint>& upstreams() const { return upstreams_; }

  private:
    boost::asio::io_context& io_;
    std::vector<platform::Endpoint> upstreams_;
    std::size_t in_flight_ = 0;
};

// A job with its own copy of the query.
std::shared_ptr<Forwarder::Job> make_job(std::span<const std::uint8_t> query, const Question& question);

}  // namespace hort::dns
