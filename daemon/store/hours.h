// When a person may be online, or may use a category, a service or a site: rows of days and windows, as the guardian
// typed them. A weekday without a row has no limit.
#pragma once

#include <string>
#include <vector>

#include "daemon/store/audit.h"

namespace hort::store {

struct HoursRecord {
    std::int64_t person = 0;
    std::string subject;  // empty: being online at all; else a category, a service or a site
    std::string days;     // "mon", ..., or "2026-12-24", or "2026-12-23..2027-01-06"
    std::string windows;  // "15:00-19:30,20:00-21:00", "none", "all"
};

class Hours {
  public:
    explicit Hours(Database& database) : database_(database) {}

    // In the order in which they were set; of two that cover a day the later one holds.
    Result<std::vector<HoursRecord>> all() const;
    // One row for each of `days`; they replace rows for the same days.
    Status set(const std::string& name, const HoursRecord& record, const std::vector<std::string>& days, const By& by);
    // All rows of the subject; refused when there are none.
    Status clear(const std::string& name, const std::string& subject, const By& by);

  private:
    Database& database_;
};

}  // namespace hort::store
