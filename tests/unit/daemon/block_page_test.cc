#include "daemon/proxy/block_page.h"

#include <gtest/gtest.h>

#include "daemon/proxy/ask_form.h"
#include "daemon/proxy/block_words.h"

namespace hort::proxy {
namespace {

class BlockPage : public testing::Test {
  protected:
    Ruling ruling(Reason reason) {
        Ruling out;
        out.policy = policy;
        out.who = {&policy->people[0], &policy->people[0].profile};
        out.decision.verdict = Verdict::block;
        out.decision.reason = reason;
        if (reason == Reason::category) {
            out.decision.source.category = *Taxonomy::shipped().find("gambling");
            out.decision.source.matched_labels = 2;
        }
        out.site = "www.casino.test";
        return out;
    }
    static std::shared_ptr<Policy> make_policy() {
        auto out = std::make_shared<Policy>();
        out->country = "DE";
        out->people.resize(1);
        out->people[0].name = "mia";
        out->people[0].profile.tier = Tier::age_12_15;
        return out;
    }
    std::shared_ptr<Policy> policy = make_policy();
};

TEST_F(BlockPage, SpeaksTheLanguageThatTheBrowserPrefers) {
    const auto& words = BlockWords::shipped();
    for (const auto& [accepted, want] : {std::pair{"de", "de"},
                                         {"de-AT,de;q=0.9,en;q=0.8", "de"},
                                         {"fr,en;q=0.3,de;q=0.7", "de"},
                                         {"en-GB, de;q=0.9", "en"},
                                         {"fr", "en"},
                                         {"", "en"},
                                         {"de;q=0", "en"},
                                         {"DE", "de"},
                                         {";;,,q=9,de;q=banana", "en"}})
        EXPECT_EQ(words.language(accepted).first, want) << accepted;
    const auto page = block_page(ruling(Reason::category), {.languages = "de"});
    EXPECT_NE(page.find("<html lang=\"de\">"), std::string::npos);
    EXPECT_NE(page.find("steht unter"), std::string::npos) << page;
    EXPECT_NE(page.find("Glücksspiel"), std::string::npos) << page;
}

TEST_F(BlockPage, HasWordsForEveryReasonInEveryLanguageAndForEveryAge) {
    for (const auto* language : {"en", "de"})
        for (const auto tier : {Tier::age_0_6, Tier::age_7_11, Tier::age_12_15, Tier::age_16_17})
            for (const auto reason :
                 {Reason::pause, Reason::own_rule, Reason::schedule, Reason::break_time, Reason::budget, Reason::bypass,
                  Reason::category, Reason::content, Reason::not_on_list}) {
                policy->people[0].profile.tier = tier;
                const auto page = block_page(ruling(reason), {.languages = language});
                EXPECT_TRUE(page.starts_with("HTTP/1.1 403 Forbidden\r\n"));
                EXPECT_NE(page.find("\r\nCache-Control: no-store\r\n"), std::string::npos);
                const auto text = page.substr(page.find("<body>"));
                EXPECT_EQ(text.find('{'), std::string::npos) << "a place was not filled in: " << text;
                EXPECT_EQ(text.find("why\"></p>"), std::string::npos) << "no reason: " << text;
                EXPECT_NE(text.find("nummergegenkummer.de"), std::string::npos);
                EXPECT_NE(text.find("116 111"), std::string::npos);
                EXPECT_EQ(text.find("<form"), std::string::npos) << "nobody to ask from here";
                const auto with_form = block_page(ruling(reason), {.languages = language, .ask_token = "7-ab"});
                const bool can_ask =
                    reason != Reason::pause && reason != Reason::bypass && reason != Reason::break_time;
                EXPECT_EQ(with_form.find("value=\"7-ab\"") != std::string::npos, can_ask);
                EXPECT_EQ(with_form.find("<select") != std::string::npos,
                          reason == Reason::schedule || reason == Reason::budget);
                EXPECT_EQ(with_form.substr(with_form.find("<body>")).find('{'), std::string::npos);
            }
}

TEST_F(BlockPage, NamesTheHelplineOfTheCountryOrOneForEverywhere) {
    for (const auto& [country, host] : {std::pair{"GB", "childline.org.uk"},
                                        {"AT", "rataufdraht.at"},
                                        {"", "findahelpline.com"},
                                        {"XX", "findahelpline.com"}}) {
        policy->country = country;
        EXPECT_NE(block_page(ruling(Reason::category), {}).find(host), std::string::npos) << country;
    }
}

TEST_F(BlockPage, SaysWhenThatChanges) {
    auto blocked = ruling(Reason::schedule);
    blocked.at = {3600 * 10, 0, 0};
    blocked.until = Moment{3600 * 14 + 1800, 0, 0};
    EXPECT_NE(block_page(blocked, {}).find("That changes at 14:30."), std::string::npos) << block_page(blocked, {});
    blocked.until = Moment{86400 * 3 + 3600 * 8, 0, 0};  // 1970-01-04 was a Sunday
    EXPECT_NE(block_page(blocked, {.languages = "de"}).find("am Sonntag um 08:00 Uhr"), std::string::npos);
    policy->people[0].profile.tier = Tier::age_7_11;
    EXPECT_NE(block_page(blocked, {.languages = "de"}).find("Am Sonntag um 08:00 Uhr kannst du"), std::string::npos);
}

TEST_F(BlockPage, EscapesWhatOthersWrote) {
    auto blocked = ruling(Reason::own_rule);
    blocked.site = "<script>&\"'";
    policy->people[0].name = "<b>";
    const auto page = block_page(blocked, {});
    EXPECT_EQ(page.find("<script>"), std::string::npos);
    EXPECT_EQ(page.find("<b>"), std::string::npos);
    EXPECT_NE(page.find("&lt;script&gt;&amp;&quot;&#39;"), std::string::npos);
}

TEST_F(BlockPage, AnErrorPageEscapesToo) {
    EXPECT_EQ(escape_html("<a href='x'>&\"\n"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot; ");
    EXPECT_EQ(error_page(400, "<script>").find("<script>"), std::string::npos);
}

TEST_F(BlockPage, APictureIsOneThatNobodySeesAndAnotherPartIsEmpty) {
    const auto of = [&](const std::string& fields) {
        const std::string head = "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n" + fields + "\r\n";
        const auto request = parse_request(head);
        return block_page(ruling(Reason::category), BlockPageFor::request(std::get<RequestHead>(request), true));
    };
    EXPECT_NE(of("Sec-Fetch-Dest: image\r\n").find("image/gif"), std::string::npos);
    EXPECT_NE(of("Accept: image/avif,image/webp\r\n").find("GIF89a"), std::string::npos);
    for (const auto* part : {"script", "style", "font", "empty", "video"})
        EXPECT_NE(of("sec-fetch-dest: " + std::string(part) + "\r\n").find("Content-Length: 0\r\n"), std::string::npos)
            << part;
    EXPECT_NE(of("Sec-Fetch-Dest: document\r\n").find("<html"), std::string::npos);
    EXPECT_NE(of("Accept: */*\r\n").find("<html"), std::string::npos);
    EXPECT_TRUE(of("").find("Connection: keep-alive") != std::string::npos);
}

TEST(BlockWords, SayWhatIsMissing) {
    EXPECT_FALSE(BlockWords::parse("[]"));
    const auto broken = BlockWords::parse(R"({"languages": {"en": {"title": {"young": "x"}}}})");
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().where, "en");
    EXPECT_NE(broken.error().hint.find("older"), std::string::npos) << broken.error().hint;
}

TEST(AskForm, ATokenIsOfThatPersonAndSiteForAnHour) {
    const AskTokens tokens(std::string(32, 'k')), others(std::string(32, 'j'));
    const auto token = tokens.make(7, "casino.test", 1000);
    EXPECT_TRUE(tokens.is_valid(token, 7, "casino.test", 1000));
    EXPECT_TRUE(tokens.is_valid(token, 7, "casino.test", 1000 + AskTokens::valid_seconds));
    EXPECT_FALSE(tokens.is_valid(token, 7, "casino.test", 1001 + AskTokens::valid_seconds));
    EXPECT_FALSE(tokens.is_valid(token, 8, "casino.test", 1000));
    EXPECT_FALSE(tokens.is_valid(token, 7, "www.casino.test", 1000));
    EXPECT_FALSE(others.is_valid(token, 7, "casino.test", 1000));
    EXPECT_FALSE(tokens.is_valid("9" + token, 7, "casino.test", 1000)) << "a longer life";
    for (const auto* bad : {"", "-", "5000", "5000-", "x-y", "99999999999999999999999-ab"})
        EXPECT_FALSE(tokens.is_valid(bad, 7, "casino.test", 1000)) << bad;
}

TEST(AskForm, IsReadAsBrowsersSendIt) {
    const auto form = parse_ask_form("token=5-ab&minutes=30&why=f%C3%BCr+die+Schule%0A%3Cb%3E");
    ASSERT_TRUE(form);
    EXPECT_EQ(form->token, "5-ab");
    EXPECT_EQ(form->why, "für die Schule <b>");
    EXPECT_EQ(form->minutes, 30);
    EXPECT_FALSE(parse_ask_form(""));
    EXPECT_FALSE(parse_ask_form("why=x"));
    EXPECT_FALSE(parse_ask_form("token=5-ab&minutes=0"));
    EXPECT_FALSE(parse_ask_form("token=5-ab&minutes=100000"));
    std::string longest = "token=5-ab&why=";
    for (int i = 0; i < 300; ++i) longest += "%C3%BC";
    const auto cut = parse_ask_form(longest);
    ASSERT_TRUE(cut);
    EXPECT_EQ(cut->why.size() % 2, 0u) << "no half of a character";
    EXPECT_LE(cut->why.size(), 200u);
}

}  // namespace
}  // namespace hort::proxy
