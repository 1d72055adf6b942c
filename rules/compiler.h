// Compiler: names, URLs and rules with their categories in, the bytes of a ruleset image out.
//
// Deterministic: the same input gives the same bytes; names and URLs may come in any order.
// Memory while compiling: 24 bytes and the text of each name, and the image itself.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/book_format.h"
#include "rules/ruleset.h"

namespace hort {

class RulesetCompiler {
  public:
    // `salt` keys the hash: random once per installation, so that no list author can construct a false match.
    RulesetCompiler(const Taxonomy& taxonomy, HashKey salt);

    // What will come, as far as it is known: saves copying while the memory grows.
    void reserve(std::size_t names, std::size_t octets);

    void add(const Hostname& host, Scope scope, Category category);
    // `url`: in normal form (url_path.h), with a path.
    void add_url(std::string_view url, Category category);
    void add_network(const Network& network, Category category);
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
    // An interned combination of categories; see classes_.
    using ClassId = std::uint32_t;
    static constexpr std::uint32_t max_classes = 65536;
    struct Entry {
        Hash128 hash;
        std::uint32_t name_at;
        std::uint32_t klass : 24;
        std::uint32_t name_size : 8;  // 0 for a URL or a network
    };
    static_assert(sizeof(Entry) == 24);
    struct PairHash {
        std::size_t operator()(const std::pair<std::uint64_t, std::uint64_t>& pair) const {
            return static_cast<std::size_t>((pair.first * 0x9e3779b97f4a7c15 ^ pair.second) * 0xbf58476d1ce4e5b9);
        }
    };
    class ParentIndex;

    ClassId class_of(std::uint64_t self, std::uint64_t below);
    ClassId joined(ClassId a, ClassId b);
    void put(const Hostname& host, ClassId klass);
    void sort_by_hash();
    void merge_equal();
    void leave_out_redundant();
    std::vector<Ruleset::ClassRow> number_classes();

    const Taxonomy& taxonomy_;
    HashKey key_;
    std::string names_;
    std::vector<Entry> entries_;
    std::vector<Ruleset::ClassRow> classes_;  // [0] is the essential allow-list's
    std::unordered_map<std::pair<std::uint64_t, std::uint64_t>, ClassId, PairHash> class_ids_, joined_;
    std::uint64_t prefix_lengths_[3] = {};
    StoredBook book_;
};

}  // namespace hort
