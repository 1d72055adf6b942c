// What was blocked and allowed: counts by hour, and single entries. How much of it there is, is decided before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/store/database.h"
#include "rules/decision.h"

namespace hort::store {

enum class ActivityChannel : std::uint8_t { dns, proxy };
std::string_view name_of(ActivityChannel channel);

enum class ActivityVerdict : std::uint8_t { allow, block, watch };  // watch: it passed, and would have been blocked
std::string_view name_of(ActivityVerdict verdict);
std::optional<ActivityVerdict> parse_activity_verdict(std::string_view name);

struct ActivityCount {
    std::int64_t time = 0;    // seconds since 1970 UTC; of a count the beginning of its hour
    std::int64_t person = 0;  // 0: nobody known
    ActivityChannel channel = ActivityChannel::dns;
    ActivityVerdict verdict = ActivityVerdict::block;
    Reason reason = Reason::no_rule;
    std::optional<Category> category;
    std::uint64_t count = 0;

    bool is_same(const ActivityCount& other, bool with_time = true) const {
        return (!with_time || time == other.time) && person == other.person && channel == other.channel &&
               verdict == other.verdict && reason == other.reason && category == other.category;
    }
};

struct ActivityEntry : ActivityCount {
    std::string host;
};

class ActivityRecords {
  public:
    explicit ActivityRecords(Database& database) : database_(database) {}

    // One transaction. What is of a person who is not there any more is left out.
    Status add(const std::vector<ActivityCount>& counts, const std::vector<ActivityEntry>& entries);

    // The newest first; `person` empty: everyone's.
    Result<std::vector<ActivityEntry>> entries(std::optional<std::int64_t> person, int limit) const;
    Result<std::vector<ActivityCount>> counts(std::optional<std::int64_t> person, std::int64_t since, int limit) const;

    Status forget(std::int64_t entries_before, std::int64_t counts_before);
    // What a lower level does not keep: the counts, the entries of what was blocked, of what was allowed.
    Status reduce(bool keeps_counts, bool keeps_blocked, bool keeps_allowed);

  private:
    Database& database_;
};

}  // namespace hort::store
