// One look at a subscription: fetch it with what it includes, see whether it is sound, and keep it. Blocking; on the
// worker's thread. Passive but for the files that it writes: fetching, time and chance are given.
#pragma once

#include <functional>
#include <string>

#include "daemon/store/list_records.h"
#include "platform/fetch.h"

namespace hort::lists {

inline constexpr std::size_t max_subscription = std::size_t{128} << 20;  // octets, after decompression
inline constexpr int fetch_seconds = 600;
inline constexpr std::int64_t check_interval = 24 * 3600;  // seconds
inline constexpr std::int64_t first_retry = 15 * 60;       // doubled with each failure, up to check_interval

using Fetch = std::function<Result<platform::Fetched>(const platform::FetchRequest&)>;

struct SubscriptionCheck {
    store::SubscriptionRecord record;  // with its new state
    bool is_changed = false;           // there is another version on the disk (or in `bundle`)
    std::string bundle;                // of a bundle: its octets; it is not kept here
};

// `folder` holds "<id>.list" and "<id>.includes/". `chance` is from 0 to 1; it spreads the load on the servers.
// A version that has less than half of the entries of the one in force is not taken; the record says so.
SubscriptionCheck check_subscription(const store::SubscriptionRecord& record, const std::string& folder,
                                     const Fetch& fetch, std::int64_t now, double chance,
                                     const std::function<bool(std::uint64_t, std::uint64_t)>& progress);

}  // namespace hort::lists
