// Cache: upstreams' answers, kept no longer than their TTL and within a bound of bytes; the least recently used go
// first.
//
// Any thread; one short lock. Keyed by name (case folded), type, class, DO and CD.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/dns/message.h"

namespace hort::dns {

class Cache {
  public:
    static constexpr std::uint32_t max_ttl = 86400;  // seconds; RFC 8767 section 4 suggests a cap of days

    explicit Cache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    // Writes the answer to `question` into `buffer` (see write_kept_answer) and returns its size, 0 when there is none.
    std::size_t answer(std::span<std::uint8_t> buffer, const Question& question, std::int64_t now_seconds,
                       std::size_t limit, std::uint32_t ttl_limit = no_ttl_limit);
    // `answer` is what accept_answer made ready; ignored when ttl is 0.
    void keep(const Question& question, std::span<const std::uint8_t> answer, std::uint32_t ttl,
              std::int64_t now_seconds);

    std::size_t entries() const;
    std::size_t bytes() const;

  private:
    struct Entry {
        std::string key;
        std::vector<std::uint8_t> answer;
        std::int64_t kept_at, expires_at;
        std::size_t bytes() const { return 2 * key.size() + answer.size() + 160; }  // with the nodes around it
    };
    using Entries = std::list<Entry>;
    void drop(Entries::iterator entry);

    const std::size_t max_bytes_;
    mutable std::mutex lock_;
    std::size_t bytes_ = 0;
    Entries entries_;                                                // most recently used first
    std::unordered_map<std::string_view, Entries::iterator> index_;  // keys point into entries_
};

}  // namespace hort::dns
