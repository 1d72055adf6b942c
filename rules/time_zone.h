// TimeZone: how the clocks on the wall go at a place, as a table of the moments at which their offset from UTC changes.
//
// A value. platform/ says what the system knows of its zone; rules/ reads no file and no clock.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "rules/local_time.h"

namespace hort {

class TimeZone {
  public:
    struct Change {
        std::int64_t at = 0;      // seconds since 1970 UTC
        std::int32_t offset = 0;  // seconds east of UTC from then on
    };

    TimeZone() = default;  // UTC
    // `first_offset` holds before the first change. REQUIRES: the changes are in order of time.
    TimeZone(std::int32_t first_offset, std::vector<Change> changes)
        : first_offset_(first_offset), changes_(std::move(changes)) {}
    // The changes between two moments, found by asking for the offset: exact to the second, for changes that are at
    // least a day apart.
    static TimeZone probe(const std::function<std::int32_t(std::int64_t utc)>& offset_at, std::int64_t from,
                          std::int64_t to);

    std::int32_t offset_at(std::int64_t utc) const;
    LocalTime local_time(std::int64_t utc) const;

    // The next moment after `utc` at which the offset changes; INT64_MAX when there is none.
    std::int64_t next_change(std::int64_t utc) const;

    // The first moment at which the clocks show this day and minute, or have jumped over it. An hour that comes twice
    // gives its first pass; one that is missing gives the moment of the jump.
    std::int64_t first_moment_of(LocalTime time) const;

  private:
    std::int32_t first_offset_ = 0;
    std::vector<Change> changes_;
};

}  // namespace hort
