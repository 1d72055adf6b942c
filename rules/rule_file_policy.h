// A rule file put into a Policy, and its own test cases run against one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/decision.h"
#include "rules/rule_file.h"

namespace hort {

// The number of an OS account; nullopt when this machine has none of that name.
using AccountNumber = std::function<std::optional<std::uint32_t>(const std::string&)>;

// A policy of nobody yet: the lists, and what ships with Hort.
Policy policy_of_nobody(std::shared_ptr<const Ruleset> ruleset);

// Adds the groups, schedules, services and, where it names one, the default profile of a rule file. People that the
// household added stay as they are.
void put_rule_file(Policy& policy, const RuleFile& file, const AccountNumber& account_number);

// Why a decision came out as it did, in the words of a rule file's tests: "category streaming", "own rule example.org",
// "service tiktok", "schedule lessons", "no rule".
std::string because_of(const Decision& decision, const Policy& policy, const Hostname& host);

struct FailedCase {
    RuleFile::Place place;
    std::string what;  // "year7, Monday 10:15, youtube.com: expected block, got allow because of no rule"
};
// Runs every test of `file`. REQUIRES: the policy holds the file (put_rule_file) and its compiled lists.
std::vector<FailedCase> run_cases(const RuleFile& file, const Policy& policy);

}  // namespace hort
