// RateLimit: how many questions a client may ask in a second (a token bucket for each).
//
// Passive; one thread. A client is an IPv4 address or an IPv6 /64. The table has a fixed size: a client that finds its
// place taken by another takes it over with an empty history, which lets too much pass and never too little.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "rules/network.h"

namespace hort::dns {

class RateLimit {
  public:
    // `per_second` 0: no limit. What was not used is saved up for two seconds.
    explicit RateLimit(std::uint32_t per_second) : per_second_(per_second), table_(per_second == 0 ? 0 : places) {}

    bool allows(const AddressBytes& client, std::int64_t now_seconds) {
        if (per_second_ == 0) return true;
        std::uint64_t key;
        std::memcpy(&key, client.data() + (is_v4(client) ? 8 : 0), sizeof key);
        auto& bucket = table_[(key * 0x9e3779b97f4a7c15) >> 52];
        if (bucket.key != key) bucket = {key, now_seconds, 2 * per_second_};
        if (now_seconds > bucket.filled_at) {
            const auto gained = static_cast<std::uint64_t>(now_seconds - bucket.filled_at) * per_second_;
            bucket.left = static_cast<std::uint32_t>(std::min<std::uint64_t>(bucket.left + gained, 2 * per_second_));
            bucket.filled_at = now_seconds;
        }
        if (bucket.left == 0) return false;
        --bucket.left;
        return true;
    }

  private:
    static constexpr std::size_t places = 4096;
    struct Bucket {
        std::uint64_t key = 0;
        std::int64_t filled_at = 0;
        std::uint32_t left = 0;
    };
    const std::uint32_t per_second_;
    std::vector<Bucket> table_;
};

}  // namespace hort::dns
