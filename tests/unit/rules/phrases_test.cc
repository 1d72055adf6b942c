#include "rules/phrases.h"

#include <gtest/gtest.h>

#include "rules/html_text.h"

namespace hort {
namespace {

std::string seen(std::string_view html) {
    std::string out;
    for (const char c : text_of_html(html))
        if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

TEST(HtmlText, IsWhatAPersonReads) {
    EXPECT_EQ(seen("<html><head><title>A &amp; B</title></head><body><p>one</p><p>two</p></body></html>"),
              "A & B one two");
    EXPECT_EQ(seen("b<b>o</b>m<span class=\"x>y\">b</span>"), "bomb") << "tags within a word part nothing";
    EXPECT_EQ(seen("b<!-- hidden -->omb"), "bomb");
    EXPECT_EQ(seen("&#98;&#x6F;m&#98"), "bomb");
    EXPECT_EQ(seen("K&auml;se &unknown; 5 < 6"), "Käse &unknown; 5 < 6");
    EXPECT_EQ(seen("a<script>var casino = '<p>x</p>';</script>b<style>casino</style>c"), "a b c");
    EXPECT_EQ(seen("<SCRIPT>casino</SCRIPT >x"), "x");
    EXPECT_EQ(seen("<meta name=description content='the casino'><img alt=\"a slot\" src=casino.png title=free>"),
              "the casino a slot free");
}

TEST(HtmlText, OfWhatIsBrokenIsWhatIsThere) {
    for (const auto* html : {"<", "a<", "</", "<a", "<a href", "<a href=", "<a href=\"", "<!--", "<script", "<script>",
                             "&", "&#", "&#x", "&#99999999999;", "<p title='x"})
        (void)text_of_html(html);
    EXPECT_EQ(seen("a<script>b"), "a");
    EXPECT_EQ(seen("a<!-- b"), "a");
}

int score(std::string_view text, const char* category) {
    for (const auto& [id, sum] : Phrases::shipped().scores(text))
        if (Taxonomy::shipped().id_of(id) == category) return sum;
    return 0;
}

TEST(Phrases, EachCountsOnceWholeAndInAnyForm) {
    EXPECT_EQ(score("Online CASINO: free   spins!", "gambling"), 50 + 50 + 20);
    EXPECT_EQ(score("casino casino casino", "gambling"), 20);
    EXPECT_EQ(score("casinos", "gambling"), 0) << "another word";
    EXPECT_EQ(score("onl\u00adine cas\u200bino", "gambling"), 50 + 20);
    EXPECT_EQ(score("", "gambling"), 0);
}

TEST(Phrases, WhatHelpsAndTeachesIsLeft) {
    EXPECT_LT(score("Gambling addiction: who loses at roulette and slots in a casino finds advice here", "gambling"),
              Phrases::limit(Tier::age_7_11));
    EXPECT_LT(score("Telefonseelsorge: Hilfe bei Suizidgedanken. Es gibt keine Suizidmethoden hier.", "self_harm"), 0);
    EXPECT_LT(score("Sex education: puberty, contraception, consent. A naked body is nothing sexy or erotic.", "adult"),
              Phrases::limit(Tier::age_7_11));
}

TEST(Phrases, TheLimitGrowsWithAge) {
    EXPECT_LT(Phrases::limit(Tier::age_7_11), Phrases::limit(Tier::age_12_15));
    EXPECT_LT(Phrases::limit(Tier::age_12_15), Phrases::limit(Tier::age_16_17));
}

}  // namespace
}  // namespace hort
