// Refusals: what each person was refused lately, for that person's own page. A browser shows only an error where a name
// or a TLS connection is refused; here it can be read why.
//
// In memory only, for a quarter of an hour, whatever the log level is: nobody else is shown it, and nothing of it is
// kept. What nobody asks for by himself (advertising, trackers) is left out.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "daemon/daemon.h"

namespace hort {

class Refusals final : public DecisionLog {
  public:
    static constexpr std::size_t max_hosts = 8;        // of each person
    static constexpr std::int64_t kept_for = 15 * 60;  // boot seconds

    // Passes on what it is told to `next`.
    explicit Refusals(DecisionLog& next) : next_(next) {}

    // Any thread.
    void noted(Channel channel, const Subject& who, const Hostname& host, const Decision& decision,
               const Moment& now) override;
    // The latest one first. Any thread.
    std::vector<Hostname> of(std::int64_t person, const Moment& now);

  private:
    struct Entry {
        Hostname host;
        std::int64_t at = 0;  // boot seconds
    };
    // What is too old, of everybody.
    void forget(const Moment& now);

    DecisionLog& next_;
    std::mutex lock_;
    std::map<std::int64_t, std::vector<Entry>> entries_;  // by person, the latest one last
};

}  // namespace hort
