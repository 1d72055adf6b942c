// Cache: upstreams' answers, within a bound of bytes; the least recently used go first.
//
// An answer is given for its TTL. After that it stays for a while as a stale one, for when no upstream answers
// (RFC 8767). Any thread; one short lock for a part of the names. Keyed by name (case folded), type, class, DO and CD.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/dns/message.h"

namespace hort::dns {

struct CacheLimits {
    std::size_t bytes = 8 << 20;
    std::uint32_t min_ttl = 0, max_ttl = 86400;  // seconds; an answer is kept no shorter and no longer
    std::uint32_t stale = 86400;                 // seconds after its TTL that an answer may serve for; 0: none
    std::size_t parts = 1;                       // each with its own lock, for several threads
};

// An upstream's answer as it is kept and given.
struct KeptAnswer {
    std::vector<std::uint8_t> message;  // without an OPT record; empty: there is none
    std::uint32_t ttl = 0;
    std::uint8_t facts = 0;        // see inspection.h
    std::uint16_t error_code = 0;  // of the Extended DNS Error that came with it; 0: none
    std::string error_text;
};

class Cache {
  public:
    static constexpr std::uint32_t stale_ttl = 30;  // seconds; RFC 8767 section 5

    explicit Cache(const CacheLimits& limits);
    explicit Cache(std::size_t max_bytes) : Cache(CacheLimits{max_bytes}) {}

    struct Found {
        std::size_t size = 0;         // of the answer; 0: there is none
        std::uint8_t facts = 0;       // of the kept answer
        bool should_refresh = false;  // asked for often, and about to end: ask upstream, and do not wait for it
    };
    // Writes the answer to `question` into `buffer`: what is kept for `asked`, which is `question` itself or what its
    // name is an alias of.
    Found answer(std::span<std::uint8_t> buffer, const Question& question, const Question& asked,
                 std::int64_t now_seconds, std::size_t limit, std::uint32_t ttl_limit = no_ttl_limit);
    Found answer(std::span<std::uint8_t> buffer, const Question& question, std::int64_t now_seconds, std::size_t limit,
                 std::uint32_t ttl_limit = no_ttl_limit) {
        return answer(buffer, question, question, now_seconds, limit, ttl_limit);
    }
    // The same from an answer whose TTL has run out, for 30 seconds, with Extended DNS Error 3 or 19.
    Found stale_answer(std::span<std::uint8_t> buffer, const Question& question, const Question& asked,
                       std::int64_t now_seconds, std::size_t limit, std::uint32_t ttl_limit = no_ttl_limit);
    bool has_stale(const Question& asked, std::int64_t now_seconds) const;

    // Brings the TTLs within the bounds, as they will be seen.
    void bound(KeptAnswer& answer, const Question& asked) const;
    // Ignored when the answer's TTL is 0.
    void keep(const Question& asked, const KeptAnswer& answer, std::int64_t now_seconds);
    // How long an answer with this TTL is kept.
    std::uint32_t kept_for(std::uint32_t ttl) const;

    // Forgets a name and all below it; the empty name: everything. Returns how many answers went.
    std::size_t flush(std::string_view host);

    std::size_t entries() const;
    std::size_t bytes() const;

  private:
    struct Entry {
        std::string key;
        KeptAnswer answer;
        std::int64_t kept_at, expires_at, used_at;  // seconds; used_at: when it was last moved to the front
        std::uint32_t hits = 0;
        bool is_refreshing = false;
        // With the nodes around it.
        std::size_t bytes() const { return 2 * key.size() + answer.message.size() + answer.error_text.size() + 220; }
    };
    using Entries = std::list<Entry>;
    struct Part {
        mutable std::mutex lock;
        std::size_t bytes = 0;
        Entries entries;                                                // most recently used first
        std::unordered_map<std::string_view, Entries::iterator> index;  // keys point into entries
        void drop(Entries::iterator entry);
    };
    Part& part_of(std::string_view key) const;
    Entry* find(Part& part, std::string_view key, std::int64_t now_seconds);

    const CacheLimits limits_;
    std::unique_ptr<Part[]> parts_;
};

}  // namespace hort::dns
