// Budgets, what does not count, and breaks, as guardians set them.
#pragma once

#include <string>
#include <vector>

#include "daemon/store/audit.h"
#include "rules/budget.h"

namespace hort::store {

struct BudgetRecord {
    std::int64_t person = 0;
    std::string scope;  // "device", or categories, services, sites and programs in order with commas: the ledger's key
    std::string amounts;  // text_of_amounts() of a day's; one duration of a week's or month's
    Budget::Period period = Budget::Period::day;
    bool carries_over = false;
    Day since = 0;
};

struct UncountedRecord {
    std::int64_t person = 0;
    std::string subject;
};

struct BreakRow {
    std::int64_t person = 0, after = 0, length = 0;  // seconds
};

class Budgets {
  public:
    explicit Budgets(Database& database) : database_(database) {}

    Result<std::vector<BudgetRecord>> all() const;
    Result<std::vector<UncountedRecord>> uncounted() const;
    Result<std::vector<BreakRow>> breaks() const;

    // Replaces one of the same scope and period, whose `since` stays.
    Status set(const std::string& name, const BudgetRecord& record, const By& by);
    // Refused when there is none.
    Status clear(const std::string& name, const std::string& scope, const By& by);
    // Whether these use up time. Refused where one that is to count counts already.
    Status set_counting(const std::string& name, const std::vector<std::string>& subjects, bool counts, const By& by);
    // A length of 0: no breaks any more.
    Status set_break(const std::string& name, std::int64_t after, std::int64_t length, const By& by);

  private:
    Database& database_;
};

}  // namespace hort::store
