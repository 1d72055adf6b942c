// Octets as a rule file: read, and where it is one compiled with a small list, its tests run, its changes described.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "rules/rule_file_changes.h"
#include "rules/rule_file_compile.h"
#include "rules/rule_file_policy.h"

using namespace hort;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto reading = read_rule_file(text, "f");
    if (reading.file.has_value() != reading.problems.empty()) std::abort();
    if (!reading.file) return 0;
    const auto& file = *reading.file;
    ListContents contents;
    contents.list = [](const RuleFile::List&, std::size_t) -> Result<std::string> {
        return std::string("a.example\n");
    };
    contents.include = [](const RuleFile::List&, std::size_t, const std::string&) { return std::nullopt; };
    const auto compiled = compile_rule_file(file, contents, HashKey{1, 2});
    if (!compiled) std::abort();
    auto policy = policy_of_nobody(compiled->ruleset);
    put_rule_file(policy, file, [](const std::string& name) { return static_cast<std::uint32_t>(name.size()); });
    (void)run_cases(file, policy);
    if (!changes_between(&file, compiled->files, file, compiled->files).profiles.empty()) std::abort();
    return 0;
}
