// What ships: categories, services, subscriptions, safe search. Read once by the product's own readers, and held
// against what the project promises of it.
#include <gtest/gtest.h>

#include <set>

#include "rules/data/shipped.h"
#include "rules/protected_help.h"
#include "rules/safe_search.h"
#include "rules/service.h"
#include "rules/subscription.h"

namespace hort {
namespace {

TEST(Categories, AreDescribedInTwoLanguages) {
    const auto& entries = Taxonomy::shipped().entries();
    EXPECT_LE(entries.size(), 64u);
    EXPECT_GE(entries.size(), 30u);
    for (const auto& entry : entries) {
        EXPECT_FALSE(entry.description.en.empty() || entry.description.de.empty()) << entry.id;
        EXPECT_TRUE(entry.description.en.ends_with('.') && entry.description.de.ends_with('.')) << entry.id;
    }
}

TEST(Categories, ATierBlocksAllThatTheNextOneBlocks) {
    const auto& taxonomy = Taxonomy::shipped();
    for (int tier = 0; tier < 4; ++tier) {
        const auto younger = taxonomy.blocked_by(static_cast<Tier>(tier)),
                   older = taxonomy.blocked_by(static_cast<Tier>(tier + 1));
        EXPECT_TRUE((older - younger).empty()) << "tier " << tier;
    }
    EXPECT_TRUE(taxonomy.blocked_by(Tier::adult).empty());
    EXPECT_FALSE(taxonomy.blocked_by(Tier::age_0_6).contains(*taxonomy.find("sex_education")));
}

TEST(Categories, AreFoundByTheWordsThatPeopleType) {
    const auto id = [](const char* word) { return Taxonomy::shipped().id_of(*Taxonomy::shipped().find(word)); };
    EXPECT_EQ(id("video"), "streaming");
    EXPECT_EQ(id("porn"), "adult");
    EXPECT_EQ(id("vpn"), "vpn_proxy");
    EXPECT_FALSE(Taxonomy::shipped().find("nonsense"));
    EXPECT_NE(Taxonomy::shipped().find("gamblin").error().hint.find("gambling"), std::string::npos);
}

TEST(Services, AreAtLeastTwoHundredOfEveryKind) {
    const auto& all = Services::shipped().all();
    EXPECT_GE(all.size(), 200u);
    std::set<std::string> kinds;
    std::size_t programs = 0, flatpaks = 0;
    for (const auto& service : all) {
        kinds.insert(service.kind);
        programs += service.executables.empty() ? 0 : 1;
        flatpaks += service.flatpak_ids.empty() ? 0 : 1;
        EXPECT_TRUE(!service.categories.empty() || service.kind == "learning" || service.kind == "browser")
            << service.id << " " << service.kind;
        EXPECT_EQ(service.id.find('.'), std::string::npos)
            << "a service is told from a site by the dot: " << service.id;
    }
    for (const char* kind : {"games", "social", "video", "messenger", "ai", "shopping", "gambling", "vpn"})
        EXPECT_TRUE(kinds.contains(kind)) << kind;
    EXPECT_GE(programs, 50u);
    EXPECT_GE(flatpaks, 30u);
    ASSERT_NE(Services::shipped().find("roblox"), nullptr);
    EXPECT_EQ(Services::shipped().nearest_id("robloxx"), "roblox");
    EXPECT_EQ(Services::shipped().find("nonsense"), nullptr);
}

TEST(Services, NoneHoldsHelp) {
    for (const auto& service : Services::shipped().all())
        for (const auto& host : service.hosts)
            EXPECT_FALSE(ProtectedHelp::shipped().contains(host)) << service.id << " " << host.text();
}

TEST(Subscriptions, HaveAFormatALicenceAndAReason) {
    std::set<std::pair<Category, std::string>> seen;
    std::size_t defaults = 0;
    for (const auto& entry : SubscriptionCatalogue::shipped().all()) {
        EXPECT_TRUE(entry.url.starts_with("https://")) << entry.url;
        EXPECT_FALSE(entry.licence.empty() || entry.title.empty()) << entry.url;
        EXPECT_TRUE(entry.is_default || !entry.why_not.empty()) << entry.url;
        EXPECT_TRUE(seen.emplace(entry.category, entry.url).second) << entry.url;
        defaults += entry.is_default ? 1 : 0;
    }
    EXPECT_GE(defaults, 50u);
    for (const char* id :
         {"adult", "gambling", "malware", "phishing_scam", "social_networks", "doh_bypass", "vpn_proxy"}) {
        const auto category = *Taxonomy::shipped().find(id);
        const auto& all = SubscriptionCatalogue::shipped().all();
        EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Subscription& s) {
            return s.is_default && s.category == category;
        })) << id;
    }
}

TEST(SafeSearch, KnowsTheEnginesOfEveryCountry) {
    const auto& safe = SafeSearch::shipped();
    const auto target = [&](const char* host) {
        return safe.target(*Hostname::parse(host), true, RestrictedMode::off);
    };
    for (const char* host : {"www.google.com", "www.google.de", "www.google.co.uk", "www.google.com.br"})
        EXPECT_EQ(target(host), "forcesafesearch.google.com") << host;
    EXPECT_EQ(target("www.bing.com"), "strict.bing.com");
    EXPECT_EQ(target("duckduckgo.com"), "safe.duckduckgo.com");
    EXPECT_EQ(target("mail.google.com"), "");
    EXPECT_EQ(target("example.org"), "");
    const auto youtube = *Hostname::parse("www.youtube.com");
    EXPECT_EQ(safe.target(youtube, true, RestrictedMode::strict), "restrict.youtube.com");
    EXPECT_EQ(safe.target(youtube, true, RestrictedMode::moderate), "restrictmoderate.youtube.com");
    EXPECT_EQ(safe.target(youtube, true, RestrictedMode::off), "");
}

// The readers of data that ships refuse what is not in order, so that a mistake in a pull request fails a test.
TEST(ShippedData, ReadersNameTheMistake) {
    EXPECT_FALSE(Services::parse("{}"));
    EXPECT_NE(Services::parse(
                  R"({"services":[{"id":"x","title":"X","kind":"games","categories":["gmes"],"hosts":["x.org"]}]})")
                  .error()
                  .text()
                  .find("x"),
              std::string::npos);
    EXPECT_FALSE(Services::parse(
        R"({"services":[{"id":"x","title":"X","kind":"games","categories":["games"],"hosts":["x"]}]})"));
    EXPECT_FALSE(Services::parse(
        R"({"services":[{"id":"games","title":"X","kind":"games","categories":["games"],"hosts":["x.org"]}]})"));
    EXPECT_FALSE(SubscriptionCatalogue::parse("[]"));
    EXPECT_FALSE(SubscriptionCatalogue::parse(R"({"subscriptions":[{"category":"nonsense"}]})"));
    EXPECT_FALSE(SafeSearch::parse("{\"engines\": 1}"));
    EXPECT_FALSE(Taxonomy::parse("{\"categories\": [{\"id\": \"x\"}]}"));
}

}  // namespace
}  // namespace hort
