// Builds a Policy from what the store and the lists hold.
#pragma once

#include "daemon/store/people.h"
#include "rules/policy.h"
#include "rules/rule_file.h"

namespace hort {

std::shared_ptr<const Policy> build_policy(const std::vector<store::PersonRecord>& people,
                                           const std::vector<RuleFile>& rule_files,
                                           std::shared_ptr<const Ruleset> ruleset);

}  // namespace hort
