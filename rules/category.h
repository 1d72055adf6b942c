// Category: one subject of content with a stable id ("adult", "gambling", ...), and sets of them.
//
// There are at most 64 in one ruleset, so that a set is one machine word. The ids, titles and the age tiers
// that block them by default are data: rules/data/categories.json.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

namespace hort {

// Index of a category in its Taxonomy: 0 to 63.
using Category = std::uint8_t;

class CategorySet {
  public:
    constexpr CategorySet() = default;
    constexpr explicit CategorySet(std::uint64_t bits) : bits_(bits) {}
    static constexpr CategorySet of(Category c) { return CategorySet(std::uint64_t{1} << c); }

    constexpr bool empty() const { return bits_ == 0; }
    constexpr bool contains(Category c) const { return (bits_ >> c & 1) != 0; }
    constexpr std::uint64_t bits() const { return bits_; }
    // REQUIRES: !empty().
    constexpr Category first() const { return static_cast<Category>(std::countr_zero(bits_)); }

    friend constexpr CategorySet operator|(CategorySet a, CategorySet b) { return CategorySet(a.bits_ | b.bits_); }
    friend constexpr CategorySet operator&(CategorySet a, CategorySet b) { return CategorySet(a.bits_ & b.bits_); }
    friend constexpr CategorySet operator-(CategorySet a, CategorySet b) { return CategorySet(a.bits_ & ~b.bits_); }
    friend constexpr bool operator==(CategorySet, CategorySet) = default;

  private:
    std::uint64_t bits_ = 0;
};

// Age tiers, from which a profile starts.
enum class Tier : std::uint8_t { age_0_6, age_7_11, age_12_15, age_16_17, adult };
Tier tier_of_age(int years);
std::string_view name_of(Tier tier);  // "0-6", "7-11", "12-15", "16-17", "adult"
Result<Tier> parse_tier(std::string_view name);

class Taxonomy {
  public:
    struct Text {
        std::string en, de;
    };
    struct Entry {
        std::string id;
        Text title, description;
        bool is_bypass = false;            // a way round the filter: decided before ordinary categories
        bool is_about_platforms = false;   // its lists rightly hold suffixes of hosting platforms
        std::vector<std::string> aliases;  // other words that people type: "video" for streaming
    };

    // Reads the JSON of rules/data/categories.json. The error names the entry and what was expected.
    static Result<Taxonomy> parse(std::string_view json);
    // The one that ships with Hort.
    static const Taxonomy& shipped();

    const std::vector<Entry>& entries() const { return entries_; }
    std::string_view id_of(Category category) const { return entries_[category].id; }
    // By id or alias, or an error that names the nearest word.
    Result<Category> find(std::string_view id) const;
    CategorySet blocked_by(Tier tier) const { return blocked_[static_cast<std::size_t>(tier)]; }
    CategorySet bypass() const { return bypass_; }
    // What a profile that allows only its list has on that list by default.
    CategorySet allow_list() const { return allow_list_; }

  private:
    std::vector<Entry> entries_;
    CategorySet blocked_[5];
    CategorySet bypass_, allow_list_;
};

}  // namespace hort
