// What a new rule file would change: name by name, profile by profile; for reading before it is installed.
#pragma once

#include <string>
#include <vector>

#include "rules/bundle.h"
#include "rules/rule_file.h"

namespace hort {

struct RuleFileChanges {
    static constexpr std::size_t max_names = 200;  // shown; all are counted
    std::vector<std::string> profiles;             // "year7: + block tiktok", "year7: - online during school-day"
    std::vector<std::string> names;                // "+ adult casino.example", "- games play.example"
    std::size_t added_names = 0, removed_names = 0;
};

// `old` is null for a first installation. The files are those of the bundles.
RuleFileChanges changes_between(const RuleFile* old, const std::vector<Bundle::File>& old_files, const RuleFile& now,
                                const std::vector<Bundle::File>& new_files);

}  // namespace hort
