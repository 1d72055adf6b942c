#include "rules/list_matcher.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace hort {
namespace {

using Verdict = ListMatcher::Verdict;

struct List {
    ListFormat format;
    std::string content;
};

// "B rule@list:line", "A ..." or "-".
std::string said(const std::vector<List>& lists, const std::string& host, const ListIncluder& include = {}) {
    ListMatcher matcher;
    for (std::size_t i = 0; i < lists.size(); ++i)
        matcher.add({"l" + std::to_string(i + 1), lists[i].format, {}, {}}, lists[i].content, include);
    matcher.finish();
    const auto answer = matcher.match({*Hostname::parse(host)});
    if (answer.verdict == Verdict::none) return "-";
    return (answer.verdict == Verdict::block ? "B " : "A ") + answer.rule + "@" + answer.place;
}

TEST(ListMatcher, NamesTheRuleAsWrittenAndItsLine) {
    const std::string list = "\xef\xbb\xbf# c\r\n\r\n0.0.0.0  Example.ORG other.org # why\r\n";
    EXPECT_EQ(said({{ListFormat::hosts, list}}, "example.org"), "B 0.0.0.0  Example.ORG other.org@l1:3");
    EXPECT_EQ(said({{ListFormat::domains, "a.org\n*.b.org"}}, "x.b.org"), "B *.b.org@l1:2");
}

TEST(ListMatcher, AmongListsTheFirstSaysTheRuleAndAnExceptionOfAnyWins) {
    EXPECT_EQ(said({{ListFormat::domains, "a.org"}, {ListFormat::hosts, "0.0.0.0 a.org"}}, "a.org"), "B a.org@l1:1");
    EXPECT_EQ(said({{ListFormat::domains, "a.org"}, {ListFormat::adblock, "@@||a.org^"}}, "a.org"),
              "A @@||a.org^@l2:1");
}

TEST(ListMatcher, DnsmasqTheLongestDomainDecides) {
    const std::vector<List> lists = {
        {ListFormat::dnsmasq,
         "# c\naddress=/a.org/b.org/0.0.0.0\nserver=/good.a.org/#\nlocal=/bad.good.a.org/\n"
         "address=/safe.b.org/192.0.2.1\ndomain-needed\nserver=192.0.2.53\naddress=/c.org/#\n"}};
    EXPECT_EQ(said(lists, "x.a.org"), "B address=/a.org/b.org/0.0.0.0@l1:2");
    EXPECT_EQ(said(lists, "good.a.org"), "A server=/good.a.org/#@l1:3");
    EXPECT_EQ(said(lists, "x.bad.good.a.org"), "B local=/bad.good.a.org/@l1:4");
    EXPECT_EQ(said(lists, "b.org").substr(0, 1), "B");
    EXPECT_EQ(said(lists, "safe.b.org").substr(0, 1), "A");
    EXPECT_EQ(said(lists, "c.org").substr(0, 1), "B");
    EXPECT_EQ(said(lists, "d.org"), "-");
}

TEST(ListMatcher, UnboundTheLongestZoneDecides) {
    const std::vector<List> lists = {
        {ListFormat::unbound,
         "server:\n  local-zone: \"a.org\" always_nxdomain # c\n  local-zone: \"good.a.org.\" transparent\n"
         "  local-data: \"host.b.org. 300 IN A 0.0.0.0\"\n  local-data: 'own.c.org A 192.0.2.7'\n"}};
    EXPECT_EQ(said(lists, "www.a.org").substr(0, 1), "B");
    EXPECT_EQ(said(lists, "www.good.a.org").substr(0, 1), "A");
    EXPECT_EQ(said(lists, "host.b.org").substr(0, 1), "B");
    EXPECT_EQ(said(lists, "x.host.b.org"), "-");
    EXPECT_EQ(said(lists, "own.c.org").substr(0, 1), "A");
}

TEST(ListMatcher, RpzOwnersAreExactAndWildcardsAreBelow) {
    const std::vector<List> lists = {
        {ListFormat::rpz,
         "$TTL 300\n$ORIGIN rpz.local.\n@ IN SOA ns. root. (\n 1 2\n 3 4 5 )\n  IN NS ns.\n"
         "a.org CNAME .\n*.a.org 60 IN CNAME .\nb.org.rpz.local. CNAME *.\n"
         "good.a.org CNAME rpz-passthru.\n32.1.2.0.192.rpz-ip CNAME .\nc.org A 0.0.0.0\n"
         "      AAAA ::\nd.org CNAME rpz-drop.\n; c\n*.e.org CNAME .\n"}};
    EXPECT_EQ(said(lists, "a.org").substr(0, 1), "B");
    EXPECT_EQ(said(lists, "x.y.a.org"), "B *.a.org 60 IN CNAME .@l1:8");
    EXPECT_EQ(said(lists, "good.a.org").substr(0, 1), "A");
    EXPECT_EQ(said(lists, "x.good.a.org").substr(0, 1), "B");
    EXPECT_EQ(said(lists, "b.org").substr(0, 1), "B");
    EXPECT_EQ(said(lists, "x.b.org"), "-");
    EXPECT_EQ(said(lists, "c.org").substr(0, 1), "B");
    EXPECT_EQ(said(lists, "d.org").substr(0, 1), "B");
    EXPECT_EQ(said(lists, "e.org"), "-");
    EXPECT_EQ(said(lists, "x.e.org").substr(0, 1), "B");
}

TEST(ListMatcher, V2flyFollowsIncludesAndChoosesByAttribute) {
    const auto include = [](const std::string& name) -> std::optional<std::string> {
        if (name == "other") return "b.org @ads\nc.org\ninclude:main\n";
        return std::nullopt;
    };
    const std::string list =
        "domain:a.org\nfull:www.d.org @cn # c\nkeyword:casino\ninclude:other @ads\ninclude:missing\n";
    EXPECT_EQ(said({{ListFormat::v2fly, list}}, "x.a.org", include), "B domain:a.org@l1:1");
    EXPECT_EQ(said({{ListFormat::v2fly, list}}, "www.d.org", include), "B full:www.d.org @cn@l1:2");
    EXPECT_EQ(said({{ListFormat::v2fly, list}}, "x.www.d.org", include), "-");
    EXPECT_EQ(said({{ListFormat::v2fly, list}}, "mycasino7.net", include), "B keyword:casino@l1:3");
    EXPECT_EQ(said({{ListFormat::v2fly, list}}, "b.org", include), "B b.org @ads@other:1");
    EXPECT_EQ(said({{ListFormat::v2fly, list}}, "c.org", include), "-");
    ListMatcher matcher;
    const auto report = matcher.add({"l", ListFormat::v2fly, {}, {}}, list, include);
    EXPECT_EQ(report.refused, 2u) << "other includes main, which is not there; and missing is not there";
}

TEST(ListMatcher, AnIncludeOfItselfEnds) {
    ListMatcher matcher;
    const auto report = matcher.add({"l", ListFormat::v2fly, {}, {}}, "include:l\na.org\n", [](const std::string&) {
        return std::optional<std::string>("include:l\na.org\n");
    });
    EXPECT_EQ(report.refused, 1u);
}

TEST(ListMatcher, TablesAndUrlsBlockAHostOnlyWhenTheyNameNothingBelowIt) {
    const std::vector<List> lists = {
        {ListFormat::csv, "id,url,note\n1,http://a.org/,\"x, y\"\n2,https://b.org/phish,\n3,http://192.0.2.1/x,\n"},
        {ListFormat::csv, "Domain Name;Owner\nc.org;x\n"},
        {ListFormat::urls, "d.org/path\ne.org\n"}};
    EXPECT_EQ(said(lists, "a.org").substr(0, 1), "B");
    EXPECT_EQ(said(lists, "b.org"), "-");
    EXPECT_EQ(said(lists, "www.c.org").substr(0, 1), "B");
    EXPECT_EQ(said(lists, "d.org"), "-");
    EXPECT_EQ(said(lists, "e.org").substr(0, 1), "B");
}

TEST(ListMatcher, ExpressionsAreSearchedInTheHostAlone) {
    if (!ExpressionSet::is_available()) GTEST_SKIP();
    const std::vector<List> lists = {{ListFormat::expressions, "^ads?[0-9]*\\.\n\\.bid$\n/casino/\n"}};
    EXPECT_EQ(said(lists, "ads7.a.org"), "B ^ads?[0-9]*\\.@l1:1");
    EXPECT_EQ(said(lists, "www.a.bid"), "B \\.bid$@l1:2");
    EXPECT_EQ(said(lists, "casino.org"), "-");
}

TEST(ListMatcher, SquidsBareNameIsExactAndItsDotReachesBelow) {
    const std::vector<List> lists = {{ListFormat::dstdomain, ".a.org\nb.org\n"}};
    EXPECT_EQ(said(lists, "a.org").substr(0, 1), "B");
    EXPECT_EQ(said(lists, "x.a.org").substr(0, 1), "B");
    EXPECT_EQ(said(lists, "b.org").substr(0, 1), "B");
    EXPECT_EQ(said(lists, "x.b.org"), "-");
}

TEST(ListMatcher, APublicSuffixNeverBlocksWhatIsBelowIt) {
    ListMatcher matcher;
    matcher.add({"l", ListFormat::domains, {}, Scope::subtree}, "com\n");
    EXPECT_EQ(said({{ListFormat::adblock, "||com^"}}, "example.com"), "-");
    for (const char* list : {"co.uk", "*.co.uk"})
        EXPECT_EQ(said({{ListFormat::domains, list}}, "bbc.co.uk"), "-") << list;
    EXPECT_EQ(said({{ListFormat::domains, "github.io"}}, "somebody.github.io"), "-");
    ListMatcher dynamic;
    dynamic.add({"l", ListFormat::domains, *Taxonomy::shipped().find("dynamic_dns"), {}}, "duckdns.org\nco.uk\n");
    dynamic.finish();
    EXPECT_EQ(dynamic.match({*Hostname::parse("home.duckdns.org")}).verdict, Verdict::block);
    EXPECT_EQ(dynamic.match({*Hostname::parse("bbc.co.uk")}).verdict, Verdict::none);
    EXPECT_EQ(dynamic.warnings().size(), 1u);
}

TEST(ListMatcher, HelpIsAllowedWhateverTheListsSay) {
    EXPECT_EQ(said({{ListFormat::adblock, "||childline.org.uk^$important"}}, "www.childline.org.uk"),
              "A protected help@built-in");
}

TEST(ListFormats, AreKnownByTheirContent) {
    std::string late_mark(9000, '\n');
    late_mark.append("a.org\nb.org\nc.org @cn\n");
    const std::map<std::string, ListFormat> cases = {
        {"# x\n0.0.0.0 a.org\n", ListFormat::hosts},
        {"a.org\nb.org\n", ListFormat::domains},
        {"*.a.org\n*.b.org\n", ListFormat::domains},
        {"1.0.0.1   # one.one.one.one\n1.0.0.2 # x\n", ListFormat::networks},
        {".a.org\n.b.org\n", ListFormat::dstdomain},
        {"a.org\nb.org\nc.org\n||d.org^\n", ListFormat::adblock},
        {"! Title: x\na.org\n", ListFormat::adblock},
        {"0.0.0.0 a.org\n@@||b.org^\n", ListFormat::adblock},
        {"a.org##.ad\n", ListFormat::adblock},
        {"## a heading ##\na.org\n", ListFormat::domains},
        {"# x\naddress=/a.org/\n", ListFormat::dnsmasq},
        {"server:\nlocal-zone: \"a.org\" static\n", ListFormat::unbound},
        {"local-data: \"a.org A 0.0.0.0\"\n", ListFormat::unbound},
        {"$TTL 60\n@ SOA a. b. 1 2 3 4 5\na.org CNAME .\n", ListFormat::rpz},
        {"a.org\tIN\tCNAME\t.\n", ListFormat::rpz},
        {"a.org\nb.org\nfull:c.org\n", ListFormat::v2fly},
        {"a.org\nb.org @ads\n", ListFormat::v2fly},
        {"include:other\n", ListFormat::v2fly},
        {"a.org\nregexp:(^|\\.)a[0-9]\\.org$\n", ListFormat::v2fly},
        {late_mark, ListFormat::v2fly},
        {"a.org/path\nb.org/x\n", ListFormat::urls},
        {"(sex|porn)[0-9]+\n^ads\\.\n", ListFormat::expressions},
        {"id,date,url\n1,2,http://a.org/\n", ListFormat::csv},
        {"\\.agency$\n\\.asia$\n", ListFormat::expressions},
        {"{\n  \"rules\": [\n  { \"domain\": [\"a.org\"] }\n]}\n", ListFormat::domains},
        {"# id,url\n1,http://a.org/x\n2,http://b.org/y\n", ListFormat::csv},
    };
    for (const auto& [content, format] : cases)
        EXPECT_EQ(name_of(detect_list_format(content)), name_of(format)) << content;
    for (const auto name : list_format_names()) EXPECT_EQ(name_of(*parse_list_format(name)), name);
}

// The same decisions by the most obvious means: every rule is held against the host, letter by letter.
struct NaiveRule {
    std::string name;
    bool below, exact, is_exception, is_important;
};

bool naive_match(const NaiveRule& rule, const std::string& host) {
    if (rule.exact && host == rule.name) return true;
    const auto end = "." + rule.name;
    return rule.below && host.size() > end.size() && host.compare(host.size() - end.size(), end.size(), end) == 0;
}

TEST(ListMatcher, AgreesWithANaiveMatcherOnRandomLists) {
    std::mt19937 random(20261124);
    const auto label = [&] {
        return std::string(1, static_cast<char>('a' + random() % 3)) + (random() % 2 ? "1" : "");
    };
    const auto name = [&] {
        std::string out = label();
        for (auto labels = 1 + random() % 4; labels > 0; --labels) out = label() + "." + out;
        return out + ".example";
    };
    std::size_t blocked = 0, allowed = 0;
    for (int round = 0; round < 200; ++round) {
        std::vector<NaiveRule> rules;
        std::string adblock, hosts, domains;
        for (auto count = random() % 40; count > 0; --count) {
            NaiveRule rule{name(), true, true, random() % 4 == 0, random() % 5 == 0};
            const auto kind = random() % 5;
            if (kind == 0) {
                rule = {rule.name, false, true, false, false};
                hosts += "0.0.0.0 " + rule.name + "\n";
            } else if (kind == 1) {
                rule = {rule.name, true, true, false, false};
                domains += rule.name + "\n";
            } else {
                const char* before = kind == 2 ? "||" : kind == 3 ? "|" : "||*.";
                rule.below = kind != 3;
                rule.exact = kind != 4;
                adblock += (rule.is_exception ? "@@" : "") + std::string(before) + rule.name + "^" +
                           (rule.is_important ? "$important" : "") + "\n";
            }
            rules.push_back(rule);
        }
        ListMatcher matcher;
        matcher.add({"a", ListFormat::adblock, {}, {}}, adblock);
        matcher.add({"h", ListFormat::hosts, {}, {}}, hosts);
        matcher.add({"d", ListFormat::domains, {}, {}}, domains);
        matcher.finish();
        for (int i = 0; i < 500; ++i) {
            const auto host = name();
            int best = 0;  // 1 rule, 2 exception, 3 important rule, 4 important exception
            for (const auto& rule : rules)
                if (naive_match(rule, host))
                    best = std::max(best, (rule.is_important ? 3 : 1) + (rule.is_exception ? 1 : 0));
            const auto expected = best == 0 ? Verdict::none : best % 2 == 1 ? Verdict::block : Verdict::allow;
            const auto answer = matcher.match({*Hostname::parse(host)});
            ASSERT_EQ(static_cast<int>(answer.verdict), static_cast<int>(expected)) << host << "\n"
                                                                                    << answer.rule << "\n"
                                                                                    << adblock << hosts << domains;
            blocked += expected == Verdict::block ? 1 : 0;
            allowed += expected == Verdict::allow ? 1 : 0;
        }
    }
    EXPECT_GT(blocked, 5000u);
    EXPECT_GT(allowed, 1000u);
}

}  // namespace
}  // namespace hort
