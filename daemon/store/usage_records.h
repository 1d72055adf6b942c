// What passes between the meter and the ledger.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/local_time.h"

namespace hort::store {

inline constexpr std::string_view device_key = "device", uncounted_key = "uncounted";
// What the keys of applications begin with. Of them only the days' totals are kept.
inline constexpr std::string_view application_key = "app:";

// What was counted before.
class Past {
  public:
    virtual ~Past() = default;
    // Seconds under a key on the days from `first` to `last`, both inside.
    virtual std::int64_t used(std::int64_t person, const std::string& key, Day first, Day last) const = 0;
    // What guardians added on these days.
    virtual std::int64_t reserve(std::int64_t person, const std::string& key, Day first, Day last) const = 0;
};

// A stretch of use that is to be kept.
struct UsageEntry {
    std::int64_t person = 0;
    Day day = 0;
    std::string key;
    std::int64_t start = 0;  // seconds since 1970 UTC on the ledger's clock
    std::int64_t seconds = 0;
};

// How far a person is from the next break, to be kept over a restart.
struct BreakRecord {
    std::int64_t run = 0;      // seconds of use since the last break
    std::int64_t as_of = 0;    // when it was so, on the ledger's clock
    std::int64_t ends_at = 0;  // of a break that lasts, on the ledger's clock; 0: none
};

}  // namespace hort::store
