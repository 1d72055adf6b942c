// The last blocked attempts, in memory only. Without host names unless the owner asked for them.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/daemon.h"

namespace hort {

class RecentBlocks final : public DecisionLog {
  public:
    static constexpr std::size_t capacity = 1000;

    struct Entry {
        std::int64_t time = 0;  // of the last attempt; seconds since 1970 UTC
        std::string child;      // empty: nobody known
        Channel channel = Channel::dns;
        Reason reason = Reason::category;
        std::optional<Category> category;
        std::string host;  // empty unless host names are kept
        std::uint64_t count = 1;
    };

    explicit RecentBlocks(bool keeps_host_names) : keeps_host_names_(keeps_host_names) {}

    void blocked(Channel channel, const Subject& who, const Hostname& host, const Decision& decision) override;
    std::vector<Entry> newest(std::size_t limit) const;
    // Forgets what is known about a person, for its removal.
    void forget(const std::string& child);

  private:
    const bool keeps_host_names_;
    mutable std::mutex lock_;
    std::deque<Entry> entries_;  // newest last
};

}  // namespace hort
