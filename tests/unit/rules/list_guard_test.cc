// What keeps a careless entry of a published list from blocking a country, a platform, an institution or help.
#include "rules/list_guard.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "rules/essential_allow.h"
#include "rules/list_matcher.h"
#include "rules/protected_help.h"

namespace hort {
namespace {

using Verdict = ListMatcher::Verdict;

Category category(const char* id) { return *Taxonomy::shipped().find(id); }

Verdict said(const std::string& list, const char* host, const char* id = "adult") {
    ListMatcher matcher;
    matcher.add({"l", ListFormat::domains, category(id), {}}, list);
    matcher.finish();
    return matcher.match({*Hostname::parse(host)}).verdict;
}

TEST(ListGuard, NarrowsPublicSuffixes) {
    for (const char* suffix : {"co.uk", "com.br", "github.io", "blogspot.com", "de", "herokuapp.com"}) {
        const auto guarded = guard(*Hostname::parse(suffix), Scope::subtree, category("adult"));
        EXPECT_EQ(guarded.scope, Scope::exact) << suffix;
        EXPECT_FALSE(guarded.why.empty()) << suffix;
    }
    EXPECT_EQ(guard(*Hostname::parse("example.co.uk"), Scope::subtree, category("adult")).scope, Scope::subtree);
    EXPECT_EQ(guard(*Hostname::parse("duckdns.org"), Scope::subtree, category("dynamic_dns")).scope, Scope::subtree)
        << "a platform in the category that is made of platforms";
    EXPECT_EQ(guard(*Hostname::parse("co.uk"), Scope::subtree, category("dynamic_dns")).scope, Scope::exact);
}

TEST(ListGuard, LeavesInstitutionsAlone) {
    for (const char* site : {"mit.edu", "cam.ac.uk", "guysandstthomas.nhs.uk", "cdc.gov", "unam.edu.mx"})
        EXPECT_FALSE(guard(*Hostname::parse(site), Scope::subtree, category("adult")).scope) << site;
    EXPECT_TRUE(guard(*Hostname::parse("proxy.cs.example.edu"), Scope::subtree, category("vpn_proxy")).scope);
}

// The hazards are entries of real lists that are public suffixes.
TEST(ListGuard, HoldsAgainstEveryHazardThatIsKnown) {
    const char* source = std::getenv("HORT_SOURCE_DIR");
    ASSERT_NE(source, nullptr);
    std::ifstream file(std::string(source) + "/../shared/data/psl_hazards.tsv");
    // Some of them always; the whole table where it is.
    for (const char* name : {"blogdns.com", "1cooldns.com", "bet.br", "netgamers.jp", "amplifyapp.com", "replit.app",
                             "webflow.io", "kirk.replit.dev", "ladesk.com", "cloudns.be", "dweb.link", "vps.myjino.ru",
                             "oaiusercontent.com", "awsapprunner.com", "azurecontainer.io", "altervista.org"})
        EXPECT_NE(guard(*Hostname::parse(name), Scope::subtree, category("adult")).scope, Scope::subtree) << name;
    if (!file) return;
    std::size_t count = 0;
    for (std::string line; std::getline(file, line);) {
        const auto name = line.substr(line.rfind('\t') + 1);
        const auto host = Hostname::parse(name);
        if (!host || line.starts_with('#') || name.find('.') == std::string::npos) continue;
        const auto guarded = guard(*host, Scope::subtree, category("adult"));
        EXPECT_NE(guarded.scope, Scope::subtree) << line;
        ++count;
    }
    EXPECT_GT(count, 500u);
}

TEST(EssentialAllow, WinsOverEveryListButNotOverProtectedHelp) {
    for (const char* site : {"scarleteen.com", "sextra.de", "talktofrank.com", "gamblersanonymous.org",
                             "www.gamblersanonymous.org", "windowsupdate.com", "detectportal.firefox.com"}) {
        EXPECT_TRUE(EssentialAllow::shipped().contains(*Hostname::parse(site))) << site;
        EXPECT_EQ(said(std::string(site) + "\n", site), Verdict::allow) << site;
    }
    EXPECT_EQ(said("notscarleteen.com\n", "notscarleteen.com"), Verdict::block);
    EXPECT_GT(EssentialAllow::shipped().size(), 400u);
}

TEST(EssentialAllow, IsCompiledIntoEveryRuleset) {
    RulesetCompiler compiler(Taxonomy::shipped(), {1, 2});
    compiler.add_essential(*Hostname::parse("scarleteen.com"));
    compiler.add(*Hostname::parse("www.scarleteen.com"), Scope::subtree, category("adult"));
    compiler.add(*Hostname::parse("other.com"), Scope::subtree, category("adult"));
    const auto rules = *Ruleset::open(image_in_memory(*compiler.finish(0)), Taxonomy::shipped());
    const auto interest = CategorySet::of(category("adult"));
    EXPECT_TRUE(rules->lookup(*Hostname::parse("www.scarleteen.com"), interest).is_essential);
    EXPECT_TRUE(rules->lookup(*Hostname::parse("www.scarleteen.com"), interest).categories.empty());
    EXPECT_FALSE(rules->lookup(*Hostname::parse("www.other.com"), interest).categories.empty());
}

TEST(ProtectedHelp, HoldsTheHelplinesOfEurope) {
    for (const char* site : {"childline.org.uk", "nummergegenkummer.de", "kek-vonal.hu", "childfocus.be",
                             "jugendschutz.net", "internet-beschwerdestelle.de"})
        EXPECT_TRUE(ProtectedHelp::shipped().contains(*Hostname::parse(site))) << site;
}

}  // namespace
}  // namespace hort
