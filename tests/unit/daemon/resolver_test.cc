// The passive parts of the DNS front: what is kept, what is known here, who may ask how much, how upstreams are
// written.
#include <gtest/gtest.h>

#include <cstring>

#include "daemon/dns/cache.h"
#include "daemon/dns/cookies.h"
#include "daemon/dns/doh.h"
#include "daemon/dns/filter.h"
#include "daemon/dns/inspection.h"
#include "daemon/dns/local_names.h"
#include "daemon/dns/rate_limit.h"
#include "daemon/dns/upstream/address.h"
#include "platform/endpoint.h"
#include "rules/compiler.h"

namespace hort::dns {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes query(std::string_view host, std::uint16_t type) {
    Bytes out(512);
    out.resize(write_query(out, host, type));
    return out;
}

// An answer of our own making: `records` of the question's name.
Bytes answer_with(const Bytes& query, const std::vector<OwnRecord>& records, std::uint32_t ttl) {
    Bytes out = query;
    out.resize(4096);
    out.resize(write_records(out, parse_question(query).question, records, ttl));
    return out;
}
constexpr std::string_view outside("\xcb\0\x71\1", 4), inside("\xc0\xa8\1\5", 4);

AddressBytes address(const char* text) { return *platform::parse_address(text); }

struct StaleTest : testing::Test {
    void keep(std::uint32_t ttl) {
        cache.keep(question, {answer_with(asked, {{type::a, outside}}, ttl), ttl, fact::address, 0, {}}, 1000);
    }
    const Bytes asked = query("www.example.org", type::a);
    const Question question = parse_question(asked).question;
    Bytes buffer = [&] {
        auto out = asked;
        out.resize(4096);
        return out;
    }();
    Cache cache{CacheLimits{1 << 20, 0, 86400, 3600, 1}};
};

TEST_F(StaleTest, AnAnswerServesAfterItsTtlForSomeTimeAndOnlyWhenItIsAskedForAsAStaleOne) {
    keep(100);
    EXPECT_GT(cache.answer(buffer, question, 1099, 4096).size, 0u);
    EXPECT_EQ(cache.answer(buffer, question, 1100, 4096).size, 0u);
    EXPECT_TRUE(cache.has_stale(question, 1100));
    const auto found = cache.stale_answer(buffer, question, question, 1100, 4096);
    ASSERT_GT(found.size, 0u);
    Bytes written(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(found.size));
    const auto read = accept_answer(written, question, question.id);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->ttl, Cache::stale_ttl);
    EXPECT_EQ(cache.stale_answer(buffer, question, question, 1100 + 3600, 4096).size, 0u);
    EXPECT_FALSE(cache.has_stale(question, 1100 + 3600));
}

TEST_F(StaleTest, WhatIsAskedForOftenIsRefreshedOnceBeforeItEnds) {
    keep(100);
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(cache.answer(buffer, question, 1050, 4096).should_refresh);
    EXPECT_TRUE(cache.answer(buffer, question, 1095, 4096).should_refresh);
    EXPECT_FALSE(cache.answer(buffer, question, 1096, 4096).should_refresh) << "one is under way";
}

TEST_F(StaleTest, WhatIsAskedForSeldomOrLivesShortlyIsNotRefreshed) {
    keep(100);
    EXPECT_FALSE(cache.answer(buffer, question, 1095, 4096).should_refresh);
    keep(30);
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(cache.answer(buffer, question, 1029, 4096).should_refresh);
}

TEST_F(StaleTest, FlushingANameTakesAllBelowItAndNothingElse) {
    for (const char* name : {"example.org", "www.example.org", "a.b.example.org", "badexample.org", "org"}) {
        const auto of = query(name, type::a);
        cache.keep(parse_question(of).question, {answer_with(of, {{type::a, outside}}, 60), 60, 0, 0, {}}, 1000);
    }
    EXPECT_EQ(cache.flush("example.org"), 3u);
    EXPECT_EQ(cache.entries(), 2u);
    EXPECT_EQ(cache.flush(""), 2u);
    EXPECT_EQ(cache.bytes(), 0u);
}

TEST_F(StaleTest, TtlsAreSeenWithinTheBounds) {
    const Cache bounded(CacheLimits{1 << 20, 60, 300, 0, 1});
    const auto ttl_of = [&](std::uint32_t ttl) {
        KeptAnswer answer{answer_with(asked, {{type::a, outside}}, ttl), ttl, 0, 0, {}};
        bounded.bound(answer, question);
        Bytes written = answer.message;
        return std::pair(answer.ttl, accept_answer(written, question, question.id)->ttl);
    };
    EXPECT_EQ(ttl_of(1), std::pair(60u, 60u));
    EXPECT_EQ(ttl_of(100), std::pair(100u, 100u));
    EXPECT_EQ(ttl_of(86400), std::pair(300u, 300u));
    EXPECT_EQ(ttl_of(0), std::pair(0u, 0u)) << "for this one question";
}

struct NamesTest : testing::Test {
    // The addresses, or the return code as text.
    std::string ask(const char* host, std::uint16_t type = type::a) {
        const auto of = query(host, type);
        auto buffer = of;
        buffer.resize(4096);
        const auto question = parse_question(of).question;
        auto found = names.answer_always(buffer, question);
        if (found.size == 0) found = names.answer(buffer, question, *Hostname::parse(host));
        if (!found.alias.empty()) return "alias " + std::string(found.alias);
        if (found.size == 0) return "upstream";
        std::string out;
        for (const auto& one : addresses_in(std::span(buffer).first(found.size)))
            out += (out.empty() ? "" : " ") + platform::address_text(one);
        return !out.empty() ? out : (buffer[3] & 15) == 3 ? "NXDOMAIN" : buffer[7] > 0 ? "records" : "NODATA";
    }
    void add(const char* name, const char* type, const char* value) {
        names.add(*LocalRecord::parse(name, type, value));
    }
    LocalNames names;
};

TEST_F(NamesTest, SpecialNamesNeverLeaveTheHouse) {
    const std::pair<const char*, const char*> table[] = {
        {"localhost", "127.0.0.1"},
        {"any.localhost", "127.0.0.1"},
        {"x.invalid", "NXDOMAIN"},
        {"x.test", "NXDOMAIN"},
        {"x.onion", "NXDOMAIN"},
        {"printer.local", "NXDOMAIN"},
        {"x.alt", "NXDOMAIN"},
        {"wpad", "NXDOMAIN"},
        {"wpad.example.org", "NXDOMAIN"},
        {"x.home.arpa", "NXDOMAIN"},
        {"home.arpa", "NODATA"},
        {"x.resolver.arpa", "NXDOMAIN"},
        {"5.1.168.192.in-addr.arpa", "NXDOMAIN"},
        {"1.20.172.in-addr.arpa", "NXDOMAIN"},
        {"1.32.172.in-addr.arpa", "upstream"},
        {"localhosts", "upstream"},
        {"www.example.org", "upstream"},
        {"mytest", "upstream"},
    };
    for (const auto& [host, expected] : table) EXPECT_EQ(ask(host), expected) << host;
    EXPECT_EQ(ask("localhost", type::aaaa), "::1");
}

TEST_F(NamesTest, AForwardedZoneIsAsked) {
    names.forward(*Hostname::parse("test"));
    names.forward(*Hostname::parse("168.192.in-addr.arpa"));
    EXPECT_EQ(ask("x.test"), "upstream");
    EXPECT_EQ(ask("5.1.168.192.in-addr.arpa", type::ptr), "upstream");
    EXPECT_TRUE(names.may_lead_inside(*Hostname::parse("nas.test")));
    EXPECT_FALSE(names.may_lead_inside(*Hostname::parse("example.org")));
}

TEST_F(NamesTest, RecordsAreAnsweredAndOtherTypesAreNotThere) {
    add("nas.home", "A", "192.168.1.5");
    add("nas.home", "A", "192.168.1.6");
    add("*.lab.home", "A", "192.168.1.7");
    EXPECT_EQ(ask("nas.home"), "192.168.1.5 192.168.1.6");
    EXPECT_EQ(ask("nas.home", type::aaaa), "NODATA");
    EXPECT_EQ(ask("a.b.lab.home"), "192.168.1.7");
    EXPECT_EQ(ask("lab.home"), "upstream");
}

TEST_F(NamesTest, AnAliasIsFollowedToTheEndOfOurOwn) {
    add("a.home", "CNAME", "b.home");
    add("b.home", "CNAME", "www.example.org");
    EXPECT_EQ(ask("a.home"), "alias www.example.org");
    EXPECT_EQ(ask("a.home", type::cname), "records");
    add("x.home", "CNAME", "y.home");
    add("y.home", "CNAME", "x.home");
    EXPECT_EQ(ask("x.home"), "NODATA") << "SERVFAIL without a record, and no end";
}

TEST_F(NamesTest, HostsEntriesHaveTheirReverseNames) {
    names.add_hosts("# ours\n192.168.1.9  printer.home printer\n\nrubbish\n::1 localhost\n999.1.1.1 x\n");
    EXPECT_EQ(ask("printer.home"), "192.168.1.9");
    EXPECT_EQ(ask("printer"), "192.168.1.9");
    EXPECT_EQ(ask("9.1.168.192.in-addr.arpa", type::ptr), "records");
    EXPECT_EQ(ask("localhost"), "127.0.0.1") << "whatever the file says";
}

TEST(Inspection, KnowsAddressesOfTheHouse) {
    for (const char* text : {"10.0.0.1", "127.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.1.1",
                             "::1", "fd00::1", "fc00::1", "fe80::1"})
        EXPECT_TRUE(is_inside_address(address(text))) << text;
    for (const char* text :
         {"0.0.0.0", "::", "9.255.255.255", "172.32.0.1", "192.169.0.1", "203.0.113.1", "2001:db8::1"})
        EXPECT_FALSE(is_inside_address(address(text))) << text;
}

TEST(Inspection, AnAnswerThatLeadsIntoTheHouseIsEmptiedUnlessItMay) {
    const auto asked = query("www.example.org", type::a);
    const auto question = parse_question(asked).question;
    LocalNames names;
    const auto kept = [&] {
        auto message = answer_with(asked, {{type::a, inside}}, 300);
        const auto about = accept_answer(message, question, question.id);
        return kept_answer(message, *about, question, names);
    };
    EXPECT_TRUE(addresses_in(kept().message).empty());
    EXPECT_EQ(kept().error_code, extended_error::blocked);
    names.allow_inside(*Hostname::parse("example.org"));
    EXPECT_EQ(addresses_in(kept().message).size(), 1u);
}

TEST(Doh, RequestsSayWhatIsWrongWithThem) {
    const std::string mime = "application/dns-message";
    const auto status = [&](const char* method, const std::string& target, const std::string& content_type = {},
                            Bytes body = {}) { return read_doh_request(method, target, content_type, body).status; };
    const std::string good = "/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB";  // RFC 8484 section 4.1.1
    EXPECT_EQ(status("GET", good), 200);
    EXPECT_EQ(status("GET", "https://dns.example" + good), 200);
    EXPECT_EQ(status("GET", "/dns-query/Mia-Phone" + good.substr(10)), 200);
    EXPECT_EQ(read_doh_request("GET", "/dns-query/Mia-Phone" + good.substr(10), {}, {}).client_id, "mia-phone");
    EXPECT_EQ(status("GET", "/dns-query"), 400);
    EXPECT_EQ(status("GET", "/dns-query?dns=%%%"), 400);
    EXPECT_EQ(status("GET", good + "&dns=AAAA"), 400);
    EXPECT_EQ(status("GET", "/other"), 404);
    EXPECT_EQ(status("GET", "/dns-query/a_b"), 404);
    EXPECT_EQ(status("PUT", good), 405);
    EXPECT_EQ(status("POST", "/dns-query", mime, query("www.example.org", 1)), 200);
    EXPECT_EQ(status("POST", "/dns-query", "text/plain", query("www.example.org", 1)), 415);
    EXPECT_EQ(status("POST", "/dns-query", mime, Bytes(70000)), 413);
    EXPECT_EQ(status("POST", "/dns-query", mime, {1, 2, 3}), 400);
    EXPECT_EQ(client_id_of_server_name("Mia-Phone.DNS.example", "dns.example"), "mia-phone");
    EXPECT_EQ(client_id_of_server_name("dns.example", "dns.example"), "");
    EXPECT_EQ(client_id_of_server_name("a.b.dns.example", "dns.example"), "");
    EXPECT_EQ(client_id_of_server_name("evildns.example", "dns.example"), "");
}

TEST(Cookies, AreTheSameForTheSameClientAndOthersForOthers) {
    const Cookies cookies(Cookies::Secret{1, 2, 3});
    const auto of = [&](const char* client, std::uint8_t cookie, std::int64_t when = 1000) {
        Question question;
        question.has_cookie = true;
        question.client_cookie = {cookie, 1, 2, 3, 4, 5, 6, 7};
        cookies.answer(question, address(client), when);
        return question.server_cookie;
    };
    EXPECT_EQ(of("192.0.2.1", 1), of("192.0.2.1", 1));
    EXPECT_NE(of("192.0.2.1", 1), of("192.0.2.2", 1));
    EXPECT_NE(of("192.0.2.1", 1), of("192.0.2.1", 2));
    EXPECT_EQ(of("192.0.2.1", 1)[0], 1) << "RFC 9018: version 1";
}

TEST(RateLimit, IsForEachClientAndFillsUpAgain) {
    RateLimit limit(10);
    const auto allowed = [&](const char* client, std::int64_t now, int tries) {
        int out = 0;
        for (int i = 0; i < tries; ++i) out += limit.allows(address(client), now);
        return out;
    };
    EXPECT_EQ(allowed("192.0.2.1", 100, 50), 20) << "two seconds' worth at once";
    EXPECT_EQ(allowed("192.0.2.2", 100, 50), 20);
    EXPECT_EQ(allowed("192.0.2.1", 101, 50), 10);
    EXPECT_EQ(allowed("192.0.2.1", 200, 50), 20);
    EXPECT_EQ(allowed("2001:db8::1", 100, 50) + allowed("2001:db8::2", 100, 50), 20) << "one /64 is one client";
    RateLimit none(0);
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(none.allows(address("192.0.2.1"), 100));
}

TEST(UpstreamAddress, IsReadInEveryFormAndSaysWhatIsWrong) {
    using Protocol = UpstreamAddress::Protocol;
    const auto https = parse_upstream("https://dns.example/dns-query#192.0.2.53,2001:db8::53");
    ASSERT_TRUE(https);
    EXPECT_EQ(https->protocol, Protocol::https);
    EXPECT_EQ(https->endpoints.size(), 2u);
    EXPECT_EQ(https->endpoints[0].port, 443);
    EXPECT_EQ(https->path, "/dns-query");
    EXPECT_EQ(parse_upstream("192.0.2.53")->endpoints[0].port, 53);
    EXPECT_EQ(parse_upstream("tls://192.0.2.53")->endpoints[0].port, 853);
    EXPECT_EQ(parse_upstream("tls://dns.example", {"192.0.2.53"})->endpoints.size(), 1u);
    EXPECT_EQ(parse_upstream(https->text())->text(), https->text());
    for (const char* bad : {"", "tls://dns.example", "ftp://192.0.2.53", "192.0.2.53:0", "192.0.2.53:99999",
                            "https://#192.0.2.1", "dns.example"})
        EXPECT_FALSE(parse_upstream(bad)) << bad;
    EXPECT_FALSE(parse_upstream("tls://192.0.2.53", {}, "not base64"));
}

}  // namespace
}  // namespace hort::dns
