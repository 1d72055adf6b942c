// Compiler: names, URLs and rules with their categories in, the bytes of a ruleset image out.
//
// Deterministic: the same input gives the same bytes; names and URLs may come in any order.
// Memory while compiling: about 40 bytes and the text of each name, and the image itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/book_format.h"
#include "rules/ruleset.h"

namespace hort {

class RulesetCompiler {
  public:
    // `salt` keys the hash: random once per installation, so that no list author can construct a false match.
    RulesetCompiler(const Taxonomy& taxonomy, HashKey salt);

    void add(const Hostname& host, Scope scope, Category category);
    // `url`: in normal form (url_path.h), with a path.
    void add_url(std::string_view url, Category category);
    // No category counts for the name and what is below it.
    void add_essential(const Hostname& host);
    // Begins a list of rules; returns its number for add_rule(). No category: its exceptions count for all.
    std::uint32_t add_list(bool longest_decides, std::optional<Category> category);
    // REQUIRES: an expression was checked (ExpressionSet::check).
    void add_rule(std::uint32_t list, std::uint32_t line, const ListRule& rule);

    // Ends the compilation. Redundant names (a child of a listed parent with the same categories) are left
    // out. Fails when there are more than 65,535 different combinations of categories.
    Result<std::vector<std::byte>> finish(std::uint64_t inputs_digest);

  private:
    struct Entry {
        Hash128 hash;
        std::uint64_t self, below;
        std::uint32_t name_at;
        std::uint8_t name_size;  // 0 for a URL
        bool is_essential = false;
    };
    void put(const Hostname& host, std::uint64_t self, std::uint64_t below, bool is_essential);
    void merge_equal();
    void leave_out_redundant();
    bool is_redundant(const Entry& entry, const std::vector<std::uint32_t>& starts) const;

    const Taxonomy& taxonomy_;
    HashKey key_;
    std::string names_;
    std::vector<Entry> entries_;
    StoredBook book_;
};

}  // namespace hort
