#include "rules/web_rule.h"

#include <gtest/gtest.h>

#include "rules/compiler.h"
#include "rules/decision.h"
#include "rules/fold_text.h"
#include "rules/safe_request.h"
#include "rules/url_path.h"

namespace hort {
namespace {

TEST(FoldText, CaseFormsAndWhatIsNotSeenMakeNoDifference) {
    EXPECT_EQ(folded("Käse KÄSE"), "käse käse");
    EXPECT_EQ(folded("ＢＯＭＢ"), "bomb") << "full width";
    EXPECT_EQ(folded("bo\u200bm\u00adb"), "bomb") << "zero width space, soft hyphen";
    EXPECT_EQ(folded("ЛОТЕРЕЯ"), "лотерея");
    EXPECT_EQ(folded("K\xe4se"), "käse") << "Latin-1";
    EXPECT_EQ(folded(std::string_view("a\0b", 3)), std::string_view("a\0b", 3));
}

TEST(FoldText, WordsEndAtWhatIsNoLetterOfAnyScript) {
    EXPECT_EQ(words_of("how to: build,a b-52"), (std::vector<std::string_view>{"how", "to", "build", "a", "b", "52"}));
    EXPECT_EQ(words_of("käse—brot…"), (std::vector<std::string_view>{"käse", "brot"}));
    EXPECT_TRUE(words_of("--").empty());
    EXPECT_TRUE(has_no_blanks("赌博"));
    EXPECT_FALSE(has_no_blanks("käse"));
}

TEST(WebRule, IsReadInItsNormalFormOrRefusedWithAReason) {
    const auto read = [](std::string_view text) {
        const auto rule = WebRule::parse(text);
        return rule ? rule->subject() : "? " + rule.error().text();
    };
    EXPECT_EQ(read("page:https://www.Example.org/Forum/"), "page:example.org/forum");
    EXPECT_EQ(read("search:How to, CHEAT!"), "search:how to cheat");
    EXPECT_EQ(read("download:.EXE"), "download:exe");
    EXPECT_EQ(read("type:Video/*"), "type:video/*");
    for (const auto* bad : {"page:example.org", "page:/forum", "page:", "search:", "search:--", "download:",
                            "download:a/b", "download:tar.gz", "type:video", "type:*/*", "type:a/", "other:x"})
        EXPECT_TRUE(read(bad).starts_with("? ")) << bad;
    EXPECT_TRUE(read("search:" + std::string(300, 'a')).starts_with("? "));
}

class WebRules : public testing::Test {
  protected:
    WebRules() {
        RulesetCompiler compiler(taxonomy, HashKey{1, 2});
        compiler.add(*Hostname::parse("casino.test"), Scope::subtree, *taxonomy.find("gambling"));
        policy.ruleset = *Ruleset::open(image_in_memory(*compiler.finish(1)), taxonomy);
        policy.help = std::make_shared<ProtectedHelp>(ProtectedHelp::shipped());
        policy.people.push_back({1, "Mia", Profile::of_tier("mia", Tier::age_7_11, taxonomy)});
    }
    Profile& profile() { return policy.people[0].profile; }
    void rule(const char* text, Verdict verdict = Verdict::block) {
        profile().web_rules.push_back({*WebRule::parse(text), {verdict, false, nullptr, {}}});
    }
    Decision on(const char* host, std::string_view target, std::string_view type = {}, std::string_view name = {}) {
        const auto parsed = *Hostname::parse(host);
        const auto url = normal_url(parsed, target);
        Target what(parsed, url, target);
        what.media_type = type;
        what.file_name = name;
        return decide(policy, {&policy.people[0], &profile()}, what, {});
    }
    std::string why(const char* host, std::string_view target, std::string_view type = {}, std::string_view name = {}) {
        const auto decision = on(host, target, type, name);
        if (!decision.is_blocked()) return "";
        return decision.source.web != nullptr ? decision.source.web->subject() : std::string(name_of(decision.reason));
    }

    const Taxonomy& taxonomy = Taxonomy::shipped();
    Policy policy;
};

TEST_F(WebRules, APageIsBlockedWithAllBelowItAndTheRestOfItsSiteIsNot) {
    rule("page:example.org/forum");
    EXPECT_EQ(why("example.org", "/forum"), "page:example.org/forum");
    EXPECT_EQ(why("www.example.org", "/a/../Forum/x?y"), "page:example.org/forum");
    EXPECT_EQ(why("example.org", "/forums"), "");
    EXPECT_EQ(why("example.org", "/"), "");
    EXPECT_EQ(why("other.example", "/forum"), "");
}

TEST_F(WebRules, TheLongestPageDecidesAndGoesBeforeTheSite) {
    profile().add_site(*Hostname::parse("example.org"), {Verdict::block, false, nullptr, {}});
    rule("page:example.org/school", Verdict::allow);
    rule("page:example.org/school/chat");
    EXPECT_EQ(why("example.org", "/school/1"), "");
    EXPECT_EQ(why("example.org", "/school/chat/2"), "page:example.org/school/chat");
    EXPECT_EQ(why("example.org", "/other"), "own_rule");
}

TEST_F(WebRules, ASearchIsBlockedWhenAllTheWordsStandInItHoweverTheyAreWritten) {
    rule("search:build bomb");
    rule("search:käse");
    rule("search:赌博");
    EXPECT_EQ(why("www.google.com", "/search?q=how+to+BUILD+a+bomb&hl=de"), "search:build bomb");
    EXPECT_EQ(why("google.de", "/search?q=bomb%20build"), "search:build bomb");
    EXPECT_EQ(why("www.bing.com", "/search?q=b%75ild%2Ca%2Cbo%E2%80%8Bmb"), "search:build bomb");
    EXPECT_EQ(why("www.bing.com", "/search?%71=build+bomb"), "search:build bomb") << "an escaped name of a parameter";
    EXPECT_EQ(why("www.youtube.com", "/results?search_query=bomb+build"), "search:build bomb");
    EXPECT_EQ(why("duckduckgo.com", "/?q=" + std::string(3000, 'a') + "+build+bomb"), "search:build bomb");
    EXPECT_EQ(why("www.bing.com", "/search?q=K%C3%84SE"), "search:käse");
    EXPECT_EQ(why("www.bing.com", "/search?q=K%E4se"), "search:käse") << "Latin-1";
    EXPECT_EQ(why("www.baidu.com", "/s?wd=%E6%88%91%E7%88%B1%E8%B5%8C%E5%8D%9A"), "search:赌博");
    EXPECT_EQ(why("www.google.com", "/search?q=bombay+builders"), "") << "words, not parts of words";
    EXPECT_EQ(why("www.google.com", "/search?q=build"), "");
    EXPECT_EQ(why("example.org", "/search?q=build+bomb"), "") << "no engine that is known";
    profile().add_site(*Hostname::parse("www.google.com"), {Verdict::allow, false, nullptr, {}});
    EXPECT_EQ(why("www.google.com", "/search?q=build+bomb"), "search:build bomb")
        << "who allows a site means no search";
}

TEST_F(WebRules, WhatIsLoadedIsBlockedByItsNameAndByItsType) {
    rule("download:exe");
    rule("type:video/*");
    EXPECT_EQ(why("example.org", "/setup.exe"), "download:exe");
    EXPECT_EQ(why("example.org", "/get?id=5", "application/octet-stream", "Setup.EXE"), "download:exe");
    EXPECT_EQ(why("example.org", "/a", "video/mp4"), "type:video/*");
    EXPECT_EQ(why("example.org", "/a", "text/html"), "");
    EXPECT_EQ(why("example.org", "/a.exe.html"), "");
    rule("page:example.org/school", Verdict::allow);
    EXPECT_EQ(why("example.org", "/school/setup.exe"), "") << "an allowed page is excepted";
}

TEST_F(WebRules, ASiteIsNotSeenThroughAnotherOne) {
    EXPECT_EQ(why("translate.google.com", "/translate?u=https://casino.test/"), "category");
    EXPECT_EQ(why("proxy.example", "/b?u=aHR0cHM6Ly9jYXNpbm8udGVzdC8"), "category");
    EXPECT_EQ(why("translate.google.com", "/translate?u=https://good.test/"), "");
    const auto name = *Hostname::parse("casino-test.translate.goog");
    const Subject mia{&policy.people[0], &profile()};
    const auto decision = decide(policy, mia, name, {});
    EXPECT_TRUE(decision.is_blocked()) << "DNS sees the name alone";
    EXPECT_EQ(
        explain(decision, policy, mia, name),
        "casino-test.translate.goog is blocked for Mia: a site that it shows is listed under Gambling and betting.");
    profile().is_allow_list_only = true;
    profile().add_site(*Hostname::parse("translate.goog"), {Verdict::allow, false, nullptr, {}});
    EXPECT_TRUE(decide(policy, mia, *Hostname::parse("other-test.translate.goog"), {}).is_blocked());
}

TEST_F(WebRules, OfAWatchedProfileNothingIsBlockedButAPause) {
    profile().is_watched_only = true;
    const auto decision = on("casino.test", "/");
    EXPECT_FALSE(decision.is_blocked());
    EXPECT_TRUE(decision.is_watched);
    EXPECT_EQ(decision.reason, Reason::category);
    EXPECT_FALSE(on("good.test", "/").is_watched);
    policy.people[0].grants.emplace_back().kind = Grant::Kind::pause;
    EXPECT_TRUE(on("casino.test", "/").is_blocked());
}

TEST_F(WebRules, RequestsAreToldToBeSafe) {
    const auto sent = [&](const char* host, std::string_view target) {
        const auto safe = safe_request(profile(), *Hostname::parse(host), target);
        auto out = safe.target;
        for (const auto& field : safe.fields) out += " " + std::string(field.name) + ": " + field.value;
        return out;
    };
    profile().restricted_mode = RestrictedMode::strict;
    EXPECT_EQ(sent("www.google.com", "/search?q=a&safe=off&hl=de"),
              "/search?q=a&hl=de&safe=active&ssui=on Prefer: safe");
    EXPECT_EQ(sent("www.google.com", "/search?q=a&s%61fe=off"), "/search?q=a&safe=active&ssui=on Prefer: safe");
    EXPECT_EQ(sent("www.google.com", "/search?q=a&safe=active&ssui=on"), " Prefer: safe");
    EXPECT_EQ(sent("www.google.com", "/logo.png"), " Prefer: safe");
    EXPECT_EQ(sent("duckduckgo.com", "/?q=a&kp=-2"), "/?q=a&kp=1 Prefer: safe");
    EXPECT_EQ(sent("de.search.yahoo.com", "/search?p=a"), "/search?p=a&vm=r Prefer: safe");
    EXPECT_EQ(sent("m.youtube.com", "/watch?v=1"), " Prefer: safe YouTube-Restrict: Strict");
    EXPECT_EQ(sent("notyoutube.com", "/"), " Prefer: safe");
    profile().google_domains = "school.example";
    profile().has_safe_search = false;
    EXPECT_EQ(sent("accounts.google.com", "/"), " X-GoogApps-Allowed-Domains: school.example");
    profile().is_supervised = false;
    EXPECT_EQ(sent("accounts.google.com", "/"), "");
}

}  // namespace
}  // namespace hort
