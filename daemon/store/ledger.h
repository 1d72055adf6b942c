// Ledger: how much time was used, by person, day and key (see usage/meter.h), and when.
//
// Both age out: the spans, from which 'simulate' works, after weeks, the totals of days after a year.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/store/database.h"
#include "daemon/store/usage_records.h"

namespace hort::store {

struct DayTotal {
    Day day = 0;
    std::string key;
    std::int64_t seconds = 0;
};

struct Span {
    std::string key;
    std::int64_t start = 0, seconds = 0;  // since 1970 UTC on the ledger's clock
};

class Ledger final : public Past {
  public:
    explicit Ledger(Database& database) : database_(database) {}

    // All or nothing. `now` is the ledger's clock, which is kept, too.
    Status keep(const std::vector<UsageEntry>& entries, const std::map<std::int64_t, BreakRecord>& breaks,
                const std::vector<std::int64_t>& without_spans, std::int64_t now);
    // The ledger's clock when something was kept last; 0: never.
    std::int64_t last_kept() const;
    std::map<std::int64_t, BreakRecord> breaks() const;
    // Forgets spans that began before a moment; and totals, what was added, answered requests and the trail of changes
    // from before a day.
    Status forget(std::int64_t spans_before, Day totals_before);

    std::int64_t used(std::int64_t person, const std::string& key, Day first, Day last) const override;
    std::int64_t reserve(std::int64_t person, const std::string& key, Day first, Day last) const override;

    Result<std::vector<DayTotal>> totals(std::int64_t person, Day first, Day last) const;
    Result<std::vector<Span>> spans(std::int64_t person, std::int64_t from) const;

  private:
    std::int64_t sum(const char* sql, std::int64_t person, const std::string& key, Day first, Day last) const;
    Database& database_;
};

}  // namespace hort::store
