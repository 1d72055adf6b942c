#include "rules/json_text.h"

#include <gtest/gtest.h>

namespace hort {
namespace {

std::string fault(const std::string& text) {
    const auto parsed = parse_json_text(text, "f");
    return parsed ? "none" : parsed.error().text();
}

TEST(JsonText, KnowsWhereEachValueStands) {
    const auto root =
        parse_json_text("// a rule file\n{\n  \"a\": [1, \"x\"], /* why */\n  \"b\": {\"c\": true}\n}\n", "f");
    ASSERT_TRUE(root) << root.error().text();
    EXPECT_EQ(root->line, 2);
    EXPECT_EQ(root->column, 1);
    const auto* a = root->find("a");
    ASSERT_NE(a, nullptr);
    EXPECT_EQ(a->line, 3);
    EXPECT_EQ(a->column, 8);
    EXPECT_EQ(a->items[1].column, 12);
    EXPECT_EQ(a->items[0].integer, 1);
    EXPECT_TRUE(root->find("b")->find("c")->boolean);
    EXPECT_EQ(root->members[1].column, 3);
    EXPECT_EQ(root->find("none"), nullptr);
}

TEST(JsonText, NamesThePlaceOfAMistake) {
    EXPECT_NE(fault("{\n  \"a\": 1,\n  \"b\" 2\n}").find("f:3:"), std::string::npos)
        << fault("{\n  \"a\": 1,\n  \"b\" 2\n}");
    EXPECT_NE(fault("{\"a\": 1, \"a\": 2}").find("f:1:10"), std::string::npos) << fault("{\"a\": 1, \"a\": 2}");
    for (const char* text :
         {"", "{", "{\"a\"}", "[1,]", "nul", "{} {}", "\"\\ud800\"", "\xff", "{\"a\":\"\x01\"}", "01"})
        EXPECT_NE(fault(text), "none") << text;
    EXPECT_NE(fault(std::string(100, '[') + std::string(100, ']')), "none") << "deeper than 64 levels";
    EXPECT_NE(fault(std::string(1'000'000, '[')), "none");
}

TEST(JsonText, TellsIntegersFromOtherNumbers) {
    const auto root = parse_json_text("[2026112401, 1.5, -3, 9223372036854775807, 1e3, 99999999999999999999]", "f");
    ASSERT_TRUE(root);
    EXPECT_TRUE(root->items[0].is_integer);
    EXPECT_EQ(root->items[0].integer, 2026112401);
    EXPECT_FALSE(root->items[1].is_integer);
    EXPECT_EQ(root->items[2].integer, -3);
    EXPECT_EQ(root->items[3].integer, INT64_MAX);
    EXPECT_FALSE(root->items[5].is_integer);
}

}  // namespace
}  // namespace hort
