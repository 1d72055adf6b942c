// Adblock-style DNS rules, case by case, from the public description of the syntax
// (https://adguard-dns.io/kb/general/dns-filtering-syntax/): a list, and what it says of hosts.
#include <gtest/gtest.h>

#include "rules/list_matcher.h"

namespace hort {
namespace {

constexpr char none = '-', block = 'B', allow = 'A';

struct Case {
    const char* rules;
    const char* host;
    char expected;
    const char* type = "A";
    const char* client = "";
};

char verdict_of(const Case& c) {
    ListMatcher matcher;
    matcher.add({"list", ListFormat::adblock, {}, {}}, c.rules);
    matcher.finish();
    switch (matcher.match({*Hostname::parse(c.host), lists::dns_type(c.type), c.client}).verdict) {
        case ListMatcher::Verdict::block:
            return block;
        case ListMatcher::Verdict::allow:
            return allow;
        default:
            return none;
    }
}

void check(std::span<const Case> cases) {
    for (const auto& c : cases)
        EXPECT_EQ(verdict_of(c), c.expected) << c.rules << "\n  asked: " << c.host << " " << c.type << " " << c.client;
}

TEST(AdblockRules, ANameBetweenTwoBarsAndACaretIsItAndAllBelow) {
    constexpr Case cases[] = {
        {"||example.org^", "example.org", block},
        {"||example.org^", "www.example.org", block},
        {"||example.org^", "a.b.c.example.org", block},
        {"||example.org^", "notexample.org", none},
        {"||example.org^", "example.org.evil.com", none},
        {"||example.org^", "example.com", none},
        {"||example.org^", "org", none},
        {"||www.example.org^", "example.org", none},
        {"||EXAMPLE.org^", "www.example.ORG", block},
        {"||example.org^|", "www.example.org", block},
        {"||xn--bcher-kva.example^", "www.xn--bcher-kva.example", block},
        {"||b\xc3\xbc"
         "cher.example^",
         "www.xn--bcher-kva.example", block},
        {"||a_b.example.org^", "x.a_b.example.org", block},
        {"||example.org^\n||example.org^", "example.org", block},
        {"  ||example.org^  ", "example.org", block},
        {"||example.org^\r", "example.org", block},
    };
    check(cases);
}

TEST(AdblockRules, AnchorsAndCaretsHoldAtTheEdgesOfTheName) {
    constexpr Case cases[] = {
        {"|example.org^", "example.org", block},
        {"|example.org^", "www.example.org", none},
        {"|example.org^", "example.org.evil.com", none},
        {"|example.org|", "example.org", block},
        {"|example.org|", "www.example.org", none},
        {"|example.", "example.com", block},
        {"|example.", "www.example.com", none},
        {"|ads.", "ads.example.com", block},
        {"|ads.", "myads.example.com", none},
        {"example.org^", "example.org", block},
        {"example.org^", "www.example.org", block},
        {"example.org^", "myexample.org", block},
        {"example.org^", "example.org.evil.com", none},
        {"example.org|", "myexample.org", block},
        {"example.org|", "example.organic", none},
        {"||example.org", "example.org", block},
        {"||example.org", "www.example.org", block},
        {"||example.org", "example.organic.com", block},
        {"||example.org", "myexample.org", none},
        {"||example", "example.net", block},
        {"||example", "www.example-shop.net", block},
        {"||example", "myexample.net", none},
        {"||ads.", "ads.example.net", block},
        {"||ads.", "www.ads.example.net", block},
        {"||ads.", "heads.example.net", none},
        {"-ads^", "my-ads", block},
        {".ads.", "x.ads.example.net", block},
        {".ads.", "ads.example.net", none},
        {"||example^org^", "example.org", none},
    };
    check(cases);
}

TEST(AdblockRules, ABareNameIsThatName) {
    constexpr Case cases[] = {
        {"example.org", "example.org", block},
        {"example.org", "www.example.org", none},
        {"example.org # a comment", "example.org", block},
        {"example.org", "myexample.org", none},
        {"@@example.org\n||example.org^", "example.org", allow},
    };
    check(cases);
}

TEST(AdblockRules, StarsStandForAnything) {
    constexpr Case cases[] = {
        {"||*.example.org^", "www.example.org", block},
        {"||*.example.org^", "example.org", none},
        {"||*.example.org^", "a.b.example.org", block},
        {"*.example.org^", "www.example.org", block},
        {"*.example.org^", "example.org", none},
        {"||ads*.example.org^", "ads.example.org", block},
        {"||ads*.example.org^", "ads42.example.org", block},
        {"||ads*.example.org^", "ads.eu.example.org", block},
        {"||ads*.example.org^", "www.ads1.example.org", block},
        {"||ads*.example.org^", "bads.example.org", none},
        {"||ads*.example.org^", "ads.example.com", none},
        {"||cdn.*.example^", "cdn.eu.example", block},
        {"||cdn.*.example^", "cdn.eu.west.example", block},
        {"||cdn.*.example^", "cdn.example", none},
        {"||example.*^", "example.com", block},
        {"||example.*^", "www.example.co.uk", block},
        {"||example.*^", "myexample.com", none},
        {"|*-ads.example.org^", "my-ads.example.org", block},
        {"|*-ads.example.org^", "ads.example.org", none},
        {"*tracker*", "mytracker1.example.org", block},
        {"*tracker*", "track.example.org", none},
        {"tracker", "mytracker1.example.org", block},
        {"a*b*c^", "a1b2c", block},
        {"a*b*c^", "a1b2c3", none},
        {"||*^", "example.org", none},
        {"*", "example.org", none},
        {"||", "example.org", none},
        {"|", "example.org", none},
        {"^", "example.org", none},
        {"ab", "ab.example.org", none},
    };
    check(cases);
}

TEST(AdblockRules, AnExceptionWinsWhereverItStands) {
    constexpr Case cases[] = {
        {"||example.org^\n@@||example.org^", "example.org", allow},
        {"@@||example.org^\n||example.org^", "example.org", allow},
        {"||example.org^\n@@||www.example.org^", "www.example.org", allow},
        {"||example.org^\n@@||www.example.org^", "x.www.example.org", allow},
        {"||example.org^\n@@||www.example.org^", "example.org", block},
        {"||www.example.org^\n@@||example.org^", "www.example.org", allow},
        {"||example.org^\n@@|example.org^", "example.org", allow},
        {"||example.org^\n@@|example.org^", "www.example.org", block},
        {"@@||example.org^", "example.org", allow},
        {"@@||example.org^", "example.com", none},
        {"0.0.0.0 example.org\n@@||example.org^", "example.org", allow},
        {"*tracker*\n@@||good.example^", "tracker.good.example", allow},
        {"||good.example^\n@@*tracker*", "tracker.good.example", allow},
    };
    check(cases);
}

TEST(AdblockRules, ImportantRulesWinOverExceptionsThatAreNot) {
    constexpr Case cases[] = {
        {"||example.org^$important", "example.org", block},
        {"||example.org^$important\n@@||example.org^", "example.org", block},
        {"@@||example.org^\n||example.org^$important", "example.org", block},
        {"||example.org^$important\n@@||example.org^$important", "example.org", allow},
        {"||example.org^\n@@||example.org^$important", "example.org", allow},
        {"||example.org^$important\n@@||www.example.org^", "www.example.org", block},
        {"||example.org^$important\n@@||www.example.org^$important", "www.example.org", allow},
        {"|example.org^$important\n@@||example.org^", "www.example.org", allow},
        {"*tracker*$important\n@@||example.org^", "tracker.example.org", block},
    };
    check(cases);
}

TEST(AdblockRules, BadfilterSwitchesOffTheSameRule) {
    constexpr Case cases[] = {
        {"||example.org^\n||example.org^$badfilter", "example.org", none},
        {"||example.org^$badfilter\n||example.org^", "example.org", none},
        {"||example.org^\n||example.com^$badfilter", "example.org", block},
        {"||example.org^$important\n||example.org^$badfilter", "example.org", block},
        {"||example.org^$important\n||example.org^$important,badfilter", "example.org", none},
        {"||example.org^$important\n||example.org^$badfilter,important", "example.org", none},
        {"||example.org^$dnstype=A,important\n||example.org^$important,badfilter,dnstype=A", "example.org", none},
        {"||example.org^\n@@||example.org^\n@@||example.org^$badfilter", "example.org", block},
        {"@@||example.org^\n||example.org^\n||example.org^$badfilter", "example.org", allow},
        {"|example.org^\n||example.org^$badfilter", "example.org", block},
        {"*tracker*\n*tracker*$badfilter", "tracker.example.org", none},
        {"||example.org^$badfilter", "example.org", none},
    };
    check(cases);
}

TEST(AdblockRules, DenyallowLeavesNamesOut) {
    constexpr Case cases[] = {
        {"*$denyallow=com|net", "example.org", block},
        {"*$denyallow=com|net", "example.com", none},
        {"*$denyallow=com|net", "www.example.net", none},
        {"||example.org^$denyallow=www.example.org", "example.org", block},
        {"||example.org^$denyallow=www.example.org", "www.example.org", none},
        {"||example.org^$denyallow=www.example.org", "a.www.example.org", none},
        {"||example.org^$denyallow=www.example.org", "awww.example.org", block},
        {"||example.org^$denyallow=a.example.org|b.example.org", "b.example.org", none},
        {"||example.org^$denyallow=a.example.org|b.example.org", "c.example.org", block},
        {"@@*$denyallow=com\n||example.org^", "example.org", allow},
        {"@@*$denyallow=org\n||example.org^", "example.org", block},
        {"||example.org^$denyallow=", "example.org", none},
    };
    check(cases);
}

TEST(AdblockRules, DnstypeAsksForTheRecordType) {
    constexpr Case cases[] = {
        {"||example.org^$dnstype=AAAA", "example.org", block, "AAAA"},
        {"||example.org^$dnstype=AAAA", "example.org", none, "A"},
        {"||example.org^$dnstype=A|AAAA", "example.org", block, "A"},
        {"||example.org^$dnstype=A|AAAA", "example.org", none, "TXT"},
        {"||example.org^$dnstype=~A", "example.org", none, "A"},
        {"||example.org^$dnstype=~A", "example.org", block, "TXT"},
        {"||example.org^$dnstype=~A|~AAAA", "example.org", none, "AAAA"},
        {"||example.org^$dnstype=~A|~AAAA", "example.org", block, "HTTPS"},
        {"||example.org^$dnstype=https", "example.org", block, "HTTPS"},
        {"||example.org^$dnstype=TYPE65", "example.org", block, "HTTPS"},
        {"||example.org^$dnstype=NOSUCH", "example.org", none, "A"},
        {"||example.org^\n@@||example.org^$dnstype=AAAA", "example.org", allow, "AAAA"},
        {"||example.org^\n@@||example.org^$dnstype=AAAA", "example.org", block, "A"},
        {"$dnstype=HTTPS", "example.org", block, "HTTPS"},
        {"$dnstype=HTTPS", "example.org", none, "A"},
        {"*$dnstype=ANY", "example.org", block, "ANY"},
    };
    check(cases);
}

TEST(AdblockRules, ClientsAndTagsNameAPersonOrAGroup) {
    constexpr Case cases[] = {
        {"||example.org^$client=mia", "example.org", block, "A", "mia"},
        {"||example.org^$client=mia", "example.org", none, "A", "ben"},
        {"||example.org^$client=mia", "example.org", none, "A", ""},
        {"||example.org^$client=mia|ben", "example.org", block, "A", "ben"},
        {"||example.org^$client=~mia", "example.org", none, "A", "mia"},
        {"||example.org^$client=~mia", "example.org", block, "A", "ben"},
        {"||example.org^$client=~mia", "example.org", block, "A", ""},
        {"||example.org^$client='Mia'", "example.org", block, "A", "mia"},
        {"||example.org^$client=\"Year 7\"", "example.org", block, "A", "year 7"},
        {"||example.org^$client='a\\|b'", "example.org", block, "A", "a|b"},
        {"||example.org^$client='a\\, b'", "example.org", block, "A", "a, b"},
        {"||example.org^$ctag=user_child", "example.org", block, "A", "user_child"},
        {"||example.org^$ctag=user_child", "example.org", none, "A", "user_admin"},
        {"||example.org^$ctag=~user_child", "example.org", none, "A", "user_child"},
        {"||example.org^\n@@||example.org^$client=mia", "example.org", allow, "A", "mia"},
        {"||example.org^\n@@||example.org^$client=mia", "example.org", block, "A", "ben"},
        {"@@*$client=mia\n||example.org^", "example.org", allow, "A", "mia"},
        {"||example.org^$client=", "example.org", none, "A", "mia"},
    };
    check(cases);
}

TEST(AdblockRules, RewritesAnswerBeforeAllOtherRules) {
    constexpr Case cases[] = {
        {"||example.org^$dnsrewrite=NXDOMAIN", "example.org", block},
        {"||example.org^$dnsrewrite=NXDOMAIN;;", "www.example.org", block},
        {"||example.org^$dnsrewrite=REFUSED", "example.org", block},
        {"||example.org^$dnsrewrite=SERVFAIL;;", "example.org", block},
        {"||example.org^$dnsrewrite=NOERROR;;", "example.org", block},
        {"||example.org^$dnsrewrite=0.0.0.0", "example.org", block},
        {"||example.org^$dnsrewrite=NOERROR;A;0.0.0.0", "example.org", block},
        {"||example.org^$dnsrewrite=::", "example.org", block},
        {"||example.org^$dnsrewrite=192.0.2.1", "example.org", allow},
        {"||example.org^$dnsrewrite=NOERROR;A;192.0.2.1", "example.org", allow},
        {"||example.org^$dnsrewrite=NOERROR;AAAA;2001:db8::1", "example.org", allow},
        {"|www.example.org^$dnsrewrite=NOERROR;CNAME;safe.example.org", "www.example.org", allow},
        {"|www.example.org^$dnsrewrite=safe.example.org", "www.example.org", allow},
        {"|www.example.org^$dnsrewrite=safe.example.org", "example.org", none},
        {"||example.org^\n||example.org^$dnsrewrite=192.0.2.1", "example.org", allow},
        {"@@||example.org^\n||example.org^$dnsrewrite=NXDOMAIN", "example.org", block},
        {"||example.org^$dnsrewrite=192.0.2.1\n@@||example.org^$dnsrewrite", "example.org", none},
        {"||example.org^$dnsrewrite=192.0.2.1\n@@||example.org^$dnsrewrite=192.0.2.1", "example.org", none},
        {"||example.org^$dnsrewrite=192.0.2.1\n@@||example.org^$dnsrewrite=192.0.2.2", "example.org", allow},
        {"||example.org^\n@@||example.org^$dnsrewrite", "example.org", block},
        {"||example.org^$dnsrewrite=NOERROR;A;nonsense", "example.org", none},
        {"||example.org^$dnsrewrite=NOERROR;A", "example.org", none},
        {"||example.org^$dnsrewrite=NOSUCHCODE;;", "example.org", none},
    };
    check(cases);
}

TEST(AdblockRules, ExpressionsAreSearchedInTheName) {
    if (!ExpressionSet::is_available()) GTEST_SKIP() << "no regular expressions on this system";
    constexpr Case cases[] = {
        {"/^ads[0-9]+\\./", "ads42.example.org", block},
        {"/^ads[0-9]+\\./", "ads.example.org", none},
        {"/^ads[0-9]+\\./", "x.ads42.example.org", none},
        {"/ads/", "myads.example.org", block},
        {"/ADS/", "myads.example.org", block},
        {"/\\.xyz$/", "example.xyz", block},
        {"/\\.xyz$/", "example.xyz.com", none},
        {"/(a|b)\\.example\\.org$/", "b.example.org", block},
        {"/ads/\n@@||example.org^", "ads.example.org", allow},
        {"||example.org^\n@@/^good\\./", "good.example.org", allow},
        {"/ads/$important\n@@||example.org^", "ads.example.org", block},
        {"/ads/$denyallow=example.org", "ads.example.org", none},
        {"/ads/$dnstype=AAAA", "ads.example.org", none},
        {"/ads/\n/ads/$badfilter", "ads.example.org", none},
        {"/^[a-z]{8}\\.example$/", "abcdefgh.example", block},
        {"/((/", "example.org", none},
        {"/(?=ads)/", "ads.example.org", none},
    };
    check(cases);
}

TEST(AdblockRules, HostsLinesAndCommentsStandAmongThem) {
    constexpr Case cases[] = {
        {"0.0.0.0 example.org", "example.org", block},
        {"0.0.0.0 example.org", "www.example.org", none},
        {"127.0.0.1 a.example b.example", "b.example", block},
        {":: example.org # why", "example.org", block},
        {"! ||example.org^", "example.org", none},
        {"# ||example.org^", "example.org", none},
        {"#||example.org^", "example.org", none},
        {"[Adblock Plus 2.0]\n||example.org^", "example.org", block},
        {"||example.org^ # why", "example.org", block},
    };
    check(cases);
}

TEST(AdblockRules, WhatIsMeantForABrowserIsNeverMisread) {
    constexpr Case cases[] = {
        {"example.org##.ad", "example.org", none},
        {"##.ad", "example.org", none},
        {"example.org#@#.ad", "example.org", none},
        {"example.org#?#div:has(> a)", "example.org", none},
        {"example.org#$#body { color: red }", "example.org", none},
        {"example.org#%#window.x = 1", "example.org", none},
        {"example.org$$script[a=\"b\"]", "example.org", none},
        {"||example.org^$third-party", "example.org", none},
        {"||example.org^$script,image", "example.org", none},
        {"||example.org^$popup", "example.org", none},
        {"||example.org^$domain=a.example", "example.org", none},
        {"||example.org/ads/*", "example.org", none},
        {"||example.org/ads^", "example.org", none},
        {"/banner/*/img^", "example.org", none},
        {"-ad-banner.", "x-ad-banner.example.org", block},
        {"&ad_code=", "example.org", none},
        {"https://example.org/", "example.org", none},
        {"||192.0.2.1^", "example.org", none},
        {"@@||example.org^$document\n||example.org^", "example.org", block},
    };
    check(cases);
}

}  // namespace
}  // namespace hort
