// A rule file with its lists, compiled: into a ruleset for trying its tests, or packed into a bundle.
//
// Where the lists come from is the caller's business: files beside the rule file, the web, or an installed bundle.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/bundle.h"
#include "rules/list_intake.h"
#include "rules/rule_file.h"

namespace hort {

struct ListContents {
    // The content of lists[index].
    std::function<Result<std::string>(const RuleFile::List& list, std::size_t index)> list;
    // The content of a list that lists[index] includes (v2fly); nullopt when there is none.
    std::function<std::optional<std::string>(const RuleFile::List& list, std::size_t index, const std::string& name)>
        include;
};

// Where a list stands in a bundle, and the folder of what it includes.
std::string bundle_path_of(const RuleFile::List& list, std::size_t index);
std::string bundle_include_folder_of(const RuleFile::List& list, std::size_t index);

struct CompiledRuleFile {
    std::shared_ptr<const Ruleset> ruleset;
    std::vector<std::pair<ListFormat, ListReport>> reports;  // of each list
    std::vector<std::string> warnings;
    std::vector<Bundle::File> files;  // every list and what it includes, under its path in a bundle
};

// Fails when a list cannot be had.
Result<CompiledRuleFile> compile_rule_file(const RuleFile& file, const ListContents& contents, HashKey salt);

// Takes what ships with Hort into a ruleset: the essential allow-list, and the services' names in their categories.
void compile_shipped(RulesetCompiler& compiler);
// Changes when what compile_shipped() takes does.
std::uint64_t shipped_digest();

}  // namespace hort
