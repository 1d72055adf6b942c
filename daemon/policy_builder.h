// Builds a Policy from what the store and the lists hold.
#pragma once

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
};

std::shared_ptr<const Policy> build_policy(const HouseholdRecords& records, const std::vector<RuleFile>& rule_files,
                                           std::shared_ptr<const Ruleset> ruleset);

}  // namespace hort
