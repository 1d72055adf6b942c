#include "rules/ruleset.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "rules/compiler.h"

namespace hort {
namespace {

const Taxonomy& taxonomy() { return Taxonomy::shipped(); }
Category category(const char* id) { return *taxonomy().find(id); }
Hostname host(std::string_view text) { return *Hostname::parse(text); }
constexpr HashKey salt{0x1234, 0x5678};

std::shared_ptr<const Ruleset> compiled(RulesetCompiler& compiler) {
    return *Ruleset::open(image_in_memory(*compiler.finish(7)), taxonomy());
}

TEST(Ruleset, AnExactEntryHoldsForThatNameOnly) {
    RulesetCompiler compiler(taxonomy(), salt);
    compiler.add(host("www.example.org"), Scope::exact, category("adult"));
    const auto rules = compiled(compiler);
    const CategorySet all(~std::uint64_t{0});
    EXPECT_TRUE(rules->lookup(host("www.example.org"), all).categories.contains(category("adult")));
    EXPECT_TRUE(rules->lookup(host("a.www.example.org"), all).categories.empty());
    EXPECT_TRUE(rules->lookup(host("example.org"), all).categories.empty());
}

TEST(Ruleset, ASubtreeEntryHoldsForAllBelowAndTheLongestOneIsNamed) {
    RulesetCompiler compiler(taxonomy(), salt);
    compiler.add(host("example.org"), Scope::subtree, category("games"));
    compiler.add(host("bad.example.org"), Scope::subtree, category("adult"));
    const auto rules = compiled(compiler);
    const CategorySet adult = CategorySet::of(category("adult")), games = CategorySet::of(category("games"));
    const auto match = rules->lookup(host("x.bad.example.org"), adult);
    EXPECT_EQ(match.categories, adult | games);
    EXPECT_EQ(match.matched_labels, 3);
    EXPECT_EQ(rules->lookup(host("x.bad.example.org"), games).matched_labels, 2);
    EXPECT_TRUE(rules->lookup(host("notexample.org"), adult).categories.empty());
    EXPECT_TRUE(rules->lookup(Hostname(), adult).categories.empty());
}

TEST(Ruleset, RedundantNamesAreLeftOut) {
    RulesetCompiler compiler(taxonomy(), salt);
    compiler.add(host("example.org"), Scope::subtree, category("games"));
    compiler.add(host("a.example.org"), Scope::subtree, category("games"));
    compiler.add(host("b.example.org"), Scope::exact, category("games"));
    compiler.add(host("example.org"), Scope::subtree, category("games"));
    compiler.add(host("c.example.org"), Scope::exact, category("adult"));
    EXPECT_EQ(compiled(compiler)->entry_count(), 2u);
}

TEST(Ruleset, TheSameInputInAnyOrderGivesTheSameBytes) {
    const auto bytes = [](std::vector<std::string> names) {
        RulesetCompiler compiler(taxonomy(), salt);
        for (const auto& name : names) compiler.add(host(name), Scope::subtree, category("adult"));
        return *compiler.finish(1);
    };
    EXPECT_EQ(bytes({"a.org", "b.org", "c.b.org"}), bytes({"c.b.org", "b.org", "a.org", "a.org"}));
}

// Against the obvious reference: every name in a set, walked label by label.
TEST(Ruleset, AgreesWithANaiveReferenceOnRandomNames) {
    std::mt19937 random(1);
    const auto name = [&] {
        std::string out;
        const int labels = 2 + static_cast<int>(random() % 3);
        for (int i = 0; i < labels; ++i)
            out += std::string(1, static_cast<char>('a' + random() % 12)) + (i + 1 < labels ? "." : "");
        return out;
    };
    RulesetCompiler compiler(taxonomy(), salt);
    std::set<std::string> exact, subtree;
    for (int i = 0; i < 800; ++i) {
        const auto n = name();
        const bool is_exact = random() % 2 == 0;
        (is_exact ? exact : subtree).insert(n);
        compiler.add(host(n), is_exact ? Scope::exact : Scope::subtree, category("adult"));
    }
    const auto rules = compiled(compiler);
    for (int i = 0; i < 20000; ++i) {
        const auto n = name();
        bool expected = exact.contains(n);
        for (std::string s = n;; s = s.substr(s.find('.') + 1)) {
            expected |= subtree.contains(s);
            if (s.find('.') == std::string::npos) break;
        }
        EXPECT_EQ(!rules->lookup(host(n), CategorySet(~std::uint64_t{0})).categories.empty(), expected) << n;
    }
}

TEST(Ruleset, NoNameOutsideMatchesByChance) {
    RulesetCompiler compiler(taxonomy(), salt);
    for (int i = 0; i < 100000; ++i)
        compiler.add(host("site" + std::to_string(i) + ".example"), Scope::subtree, category("adult"));
    const auto rules = compiled(compiler);
    EXPECT_EQ(rules->entry_count(), 100000u);
    EXPECT_LE(rules->size_in_bytes(), 100000u * 10 + 4096);
    for (int i = 0; i < 200000; ++i)
        EXPECT_TRUE(rules->lookup(host("other" + std::to_string(i) + ".example"), CategorySet(1)).categories.empty());
}

TEST(Ruleset, ADamagedImageIsRefusedWhereverItIsDamaged) {
    RulesetCompiler compiler(taxonomy(), salt);
    for (int i = 0; i < 50; ++i)
        compiler.add(host("s" + std::to_string(i) + ".example"), Scope::subtree, category("adult"));
    const auto good = *compiler.finish(1);
    ASSERT_TRUE(Ruleset::open(image_in_memory(good), taxonomy()));
    for (std::size_t at = 0; at < good.size(); ++at) {
        auto bad = good;
        bad[at] ^= std::byte{0x10};
        const auto opened = Ruleset::open(image_in_memory(bad), taxonomy());
        ASSERT_FALSE(opened) << at;
        EXPECT_FALSE(opened.error().hint.empty());
    }
    for (std::size_t size = 0; size < good.size(); size += 7)
        EXPECT_FALSE(
            Ruleset::open(image_in_memory({good.begin(), good.begin() + static_cast<long>(size)}), taxonomy()));
    auto longer = good;
    longer.resize(longer.size() + 8);
    EXPECT_FALSE(Ruleset::open(image_in_memory(longer), taxonomy()));
}

// A liar who computes the checksum anew still gets no access outside the image.
TEST(Ruleset, BoundsAreCheckedEvenWhenTheChecksumIsRight) {
    RulesetCompiler compiler(taxonomy(), salt);
    for (int i = 0; i < 50; ++i)
        compiler.add(host("s" + std::to_string(i) + ".example"), Scope::subtree, category("adult"));
    const auto good = *compiler.finish(1);
    std::mt19937 random(2);
    for (int i = 0; i < 3000; ++i) {
        auto bad = good;
        const std::size_t at = 8 + random() % (bad.size() - 8);
        bad[at] = static_cast<std::byte>(random());
        const auto sum = image::checksum(std::span<const std::byte>(bad).subspan(image::checked_from));
        std::memcpy(bad.data() + 16, &sum, 8);
        if (const auto opened = Ruleset::open(image_in_memory(bad), taxonomy()))
            for (int j = 0; j < 60; ++j) (*opened)->lookup(host("s" + std::to_string(j) + ".example"), CategorySet(1));
    }
}

}  // namespace
}  // namespace hort
