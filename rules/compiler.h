// Compiler: names with their categories in, the bytes of a ruleset image out.
//
// Deterministic: the same names, salt and digest give the same bytes, in whatever order they were added.
// Memory while compiling: about 32 bytes and the text of each name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/ruleset.h"

namespace hort {

class RulesetCompiler {
  public:
    // `salt` keys the hash: random once per installation, so that no list author can construct a false match.
    RulesetCompiler(const Taxonomy& taxonomy, HashKey salt);

    void add(const Hostname& host, Scope scope, Category category);

    // Ends the compilation. Redundant names (a child of a listed parent with the same categories) are left
    // out. Fails when there are more than 65,536 different combinations of categories.
    Result<std::vector<std::byte>> finish(std::uint64_t inputs_digest);

  private:
    struct Entry {
        Hash128 hash;
        std::uint64_t exact, subtree;
        std::uint32_t name_at;
        std::uint8_t name_size;
    };
    bool is_redundant(const Entry& entry, const std::vector<std::uint32_t>& starts) const;

    const Taxonomy& taxonomy_;
    HashKey key_;
    std::string names_;
    std::vector<Entry> entries_;
};

}  // namespace hort
