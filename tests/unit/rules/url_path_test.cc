#include "rules/url_path.h"

#include <gtest/gtest.h>

#include "rules/list_intake.h"

namespace hort {
namespace {

std::string url(const char* host, const char* target) { return normal_url(*Hostname::parse(host), target); }

TEST(NormalUrl, IsTheSameForAllWaysToWriteOne) {
    EXPECT_EQ(url("www.Example.org", "/A/b"), "example.org/a/b");
    EXPECT_EQ(url("example.org", ""), url("example.org", "/"));
    for (const char* target :
         {"/a/b", "/a//b", "/a/./b", "/x/../a/b", "/%61/b", "/a/b#part", "//a/b", "/A/B", "/../a/b"})
        EXPECT_EQ(url("example.org", target), "example.org/a/b") << target;
    EXPECT_NE(url("example.org", "/a%2fb"), "example.org/a/b") << "an escaped slash is no separator";
    EXPECT_EQ(url("example.org", "/a/b?c=1"), "example.org/a/b/?c=1");
    EXPECT_LE(url("example.org", ("/" + std::string(100'000, 'a')).c_str()).size(), max_url);
}

TEST(UrlRules, CoverThePathAndAllBelowItAndNeverTheHostAlone) {
    const auto games = *Taxonomy::shipped().find("games");
    RulesetCompiler compiler(Taxonomy::shipped(), {1, 2});
    std::vector<std::string> warnings;
    compile_list(compiler, {"urls", ListFormat::urls, games, {}},
                 "example.org/play\nwww.other.org/~user/Games/\nfull.org\nlong.org/a/b/c/d/e/f/g/h/i/j\n", {},
                 warnings);
    if (ExpressionSet::is_available())
        compile_list(compiler, {"expressions", ListFormat::expressions, games, {}}, "(flash|web)games?/[0-9]+\n", {},
                     warnings);
    const auto rules = *Ruleset::open(image_in_memory(*compiler.finish(0)), Taxonomy::shipped());
    const auto is_listed = [&](const char* host, const char* target) {
        const auto parsed = *Hostname::parse(host);
        const auto normal = target == nullptr ? std::string() : normal_url(parsed, target);
        return !rules->lookup({parsed, 1, {}, normal}, CategorySet::of(games)).categories.empty();
    };
    EXPECT_FALSE(is_listed("example.org", nullptr));
    EXPECT_FALSE(is_listed("example.org", "/"));
    EXPECT_TRUE(is_listed("example.org", "/play"));
    EXPECT_TRUE(is_listed("www.example.org", "/play/now?x=1"));
    EXPECT_TRUE(is_listed("example.org", "/%70lay"));
    EXPECT_FALSE(is_listed("example.org", "/player"));
    EXPECT_TRUE(is_listed("other.org", "/~user/games/1"));
    EXPECT_TRUE(is_listed("full.org", nullptr));
    EXPECT_TRUE(is_listed("long.org", "/a/b/c/d/e/f/g/h/i/j/k"));
    EXPECT_FALSE(is_listed("long.org", "/a/b/c/d/e/f/g/h/i"));
    if (ExpressionSet::is_available()) {
        EXPECT_TRUE(is_listed("some.org", "/FlashGames/17"));
        EXPECT_FALSE(is_listed("some.org", "/flashgames/"));
    }
}

TEST(NormalUrl, APercentThatEscapesNothingStaysOne) {
    EXPECT_EQ(url("example.org", "/100%/x"), "example.org/100%25/x");
    EXPECT_EQ(url("example.org", "/100%25/x"), "example.org/100%25/x");
    EXPECT_EQ(url("example.org", "/a%4%62"), "example.org/a%254b") << "not what %4b would be";
    for (std::size_t size = max_url - 20; size < max_url + 5; ++size) {
        const auto once = url("example.org", ("/" + std::string(size, 'a') + "%%").c_str());
        EXPECT_LE(once.size(), max_url);
        EXPECT_EQ(url("example.org", once.substr(once.find('/')).c_str()), once);
    }
}

}  // namespace
}  // namespace hort
