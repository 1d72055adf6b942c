// Builds a Policy from what the store and the lists hold.
#pragma once

#include "daemon/store/budgets.h"
#include "daemon/store/grants.h"
#include "daemon/store/hours.h"
#include "daemon/store/people.h"
#include "rules/policy.h"
#include "rules/rule_file.h"

namespace hort {

// What the household set.
struct HouseholdRecords {
    std::vector<store::PersonRecord> people;
    std::vector<store::HoursRecord> hours;
    std::vector<store::GrantRecord> grants;
    std::vector<store::BudgetRecord> budgets;
    std::vector<store::UncountedRecord> uncounted;
    std::vector<store::BreakRow> breaks;

    static Result<HouseholdRecords> read(const store::People& people, const store::Hours& hours,
                                         const store::Grants& grants, const store::Budgets& budgets);
};

// The categories, services, sites and programs of a scope, "device" or "games,roblox". What is none of them any more is
// left out.
BudgetScope scope_of(const Policy& policy, const std::string& subjects);

std::shared_ptr<Policy> build_policy(const HouseholdRecords& records, const std::vector<RuleFile>& rule_files,
                                     std::shared_ptr<const Ruleset> ruleset);

}  // namespace hort
