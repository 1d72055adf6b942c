// Sampler: lets traffic through to the meter once a second for each person and host, from any thread, without a lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "rules/hostname.h"

namespace hort::usage {

class Sampler {
  public:
    // Whether this is the first time in this second. Two hosts may take each other's place: then one is seen twice.
    bool is_new(std::int64_t person, const Hostname& host, std::int64_t second) {
        std::uint64_t hash = 0xcbf29ce484222325u ^ static_cast<std::uint64_t>(person);
        for (const char c : host.text()) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
        hash ^= hash >> 29;
        const std::uint64_t value = hash << 32 | (static_cast<std::uint64_t>(second) & 0xffffffffu);
        auto& slot = slots_[hash >> 52];
        if (slot.load(std::memory_order_relaxed) == value) return false;
        slot.store(value, std::memory_order_relaxed);
        return true;
    }

  private:
    std::array<std::atomic<std::uint64_t>, 4096> slots_{};
};

}  // namespace hort::usage
