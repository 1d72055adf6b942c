#include <gtest/gtest.h>

#include <cstring>

#include "daemon/dns/cache.h"
#include "daemon/dns/message.h"

namespace hort::dns {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes query(std::string_view host, std::uint16_t type, bool edns = false) {
    Bytes out(512);
    out.resize(write_query(out, host, type));
    if (edns) {
        out[11] = 1;
        const std::uint8_t opt[] = {0, 0, 41, 0x10, 0, 0, 0, 0x80, 0, 0, 0};
        out.insert(out.end(), std::begin(opt), std::end(opt));
    }
    return out;
}

// An answer with `records`, each {section, type, ttl, data}; owner names point to the question.
struct R {
    int section;
    std::uint16_t type;
    std::uint32_t ttl;
    Bytes data;
};
Bytes answer(const Bytes& question, const std::vector<R>& records, std::uint8_t rcode = 0) {
    Bytes out(question.begin(), question.end());
    out[2] |= 0x80;
    out[3] = rcode;
    out[11] = 0;
    for (const auto& r : records) {
        ++out[7 + 2 * static_cast<std::size_t>(r.section)];
        const unsigned fixed[] = {0xc0,
                                  12,
                                  unsigned{r.type} >> 8,
                                  unsigned{r.type} & 255,
                                  0,
                                  1,
                                  r.ttl >> 24,
                                  r.ttl >> 16 & 255,
                                  r.ttl >> 8 & 255,
                                  r.ttl & 255,
                                  0,
                                  static_cast<unsigned>(r.data.size())};
        for (const auto value : fixed) out.push_back(static_cast<std::uint8_t>(value));
        out.insert(out.end(), r.data.begin(), r.data.end());
    }
    return out;
}
const Bytes address = {10, 0, 0, 1};
Bytes soa(std::uint32_t minimum) {
    Bytes out(22);
    out[18] = static_cast<std::uint8_t>(minimum >> 24), out[19] = static_cast<std::uint8_t>(minimum >> 16);
    out[20] = static_cast<std::uint8_t>(minimum >> 8), out[21] = static_cast<std::uint8_t>(minimum);
    return out;
}

TEST(DnsMessage, ReadsAQuestionWithItsEdns) {
    const auto packet = query("www.example.org", 28, true);
    const auto parsed = parse_question(packet);
    ASSERT_EQ(parsed.fault, QuestionFault::none);
    EXPECT_EQ(parsed.question.type, 28);
    EXPECT_TRUE(parsed.question.dnssec_ok);
    EXPECT_EQ(parsed.question.udp_payload, 4096);
    EXPECT_EQ(parsed.question.name.size(), 17u);
}

TEST(DnsMessage, EveryTruncationOfAQuestionIsRefused) {
    const auto packet = query("www.example.org", 1, true);
    for (std::size_t size = 0; size < packet.size(); ++size)
        EXPECT_EQ(parse_question(std::span(packet).first(size)).fault,
                  size < 12 ? QuestionFault::drop : QuestionFault::format_error)
            << size;
}

TEST(DnsMessage, AnAnswerMustMatchItsQuestionToTheLetter) {
    auto asked = query("a.example", 1);
    const auto question = parse_question(asked).question;
    const auto good = answer(asked, {{0, 1, 300, address}});
    auto copy = good;
    ASSERT_TRUE(accept_answer(copy, question, 0));
    EXPECT_EQ(accept_answer(copy, question, 0)->ttl, 300u);
    EXPECT_FALSE(accept_answer(copy, question, 1));
    for (std::size_t at = 12; at < question.end; ++at) {
        copy = good;
        copy[at] ^= 0x20;
        EXPECT_FALSE(accept_answer(copy, question, 0)) << at;
    }
    for (std::size_t size = 0; size < good.size(); ++size) {
        copy = Bytes(good.begin(), good.begin() + static_cast<long>(size));
        EXPECT_FALSE(accept_answer(copy, question, 0)) << size;
    }
    copy = asked;  // a question is no answer
    EXPECT_FALSE(accept_answer(copy, question, 0));
}

TEST(DnsMessage, AnswersAreKeptForTheirLowestTtlAndNegativeOnesForTheSoaMinimum) {
    auto asked = query("a.example", 1);
    const auto question = parse_question(asked).question;
    const auto ttl = [&](const std::vector<R>& records, std::uint8_t rcode = 0) {
        auto packet = answer(asked, records, rcode);
        return accept_answer(packet, question, 0)->ttl;
    };
    EXPECT_EQ(ttl({{0, 1, 300, address}, {0, 1, 60, address}}), 60u);
    EXPECT_EQ(ttl({{0, 1, 0x80000000, address}}), 0u);
    EXPECT_EQ(ttl({{1, 6, 900, soa(60)}}, 3), 60u);
    EXPECT_EQ(ttl({{1, 6, 30, soa(60)}}), 30u);
    EXPECT_EQ(ttl({}, 3), 0u);                      // RFC 2308 section 5: without SOA it is not kept
    EXPECT_EQ(ttl({{0, 1, 300, address}}, 2), 0u);  // SERVFAIL
}

TEST(DnsMessage, ABlockedAnswerReadsBackAsAnAnswerToItsQuestion) {
    for (const std::uint16_t type : {1, 28, 16, 65}) {
        auto asked = query("blocked.example", type, true);
        const auto size = asked.size();
        asked.resize(600);
        const auto parsed = parse_question(std::span(asked).first(size));
        const auto question_copy = Bytes(parsed.question.name.begin(), parsed.question.name.end());
        auto question = parsed.question;
        question.name = question_copy;
        const auto written = write_blocked(asked, question, {}, 10, {extended_error::filtered, "adult"});
        const auto read = accept_answer(std::span(asked).first(written), question, 0);
        ASSERT_TRUE(read) << type;
        EXPECT_EQ(read->ttl, 10u);
        EXPECT_EQ(read->rcode, 0);
    }
}

class CacheTest : public testing::Test {
  protected:
    Bytes keep(Cache& cache, std::string_view host, std::uint32_t ttl, std::int64_t now) {
        const auto asked = query(host, 1);
        auto packet = answer(asked, {{0, 1, ttl, address}});
        cache.keep(parse_question(asked).question, {packet, ttl}, now);
        return asked;
    }
    std::size_t get(Cache& cache, std::string_view host, std::int64_t now, Bytes* out = nullptr) {
        auto packet = query(host, 1, true);
        const auto size = packet.size();
        packet.resize(4096);
        const auto question = parse_question(std::span(packet).first(size)).question;
        auto plain = question;
        plain.dnssec_ok = false;
        const auto written = cache.answer(packet, plain, now, 4096).size;
        if (out != nullptr) *out = Bytes(packet.begin(), packet.begin() + static_cast<long>(written));
        return written;
    }
};

TEST_F(CacheTest, AnAnswerIsGivenUntilItsTtlRunsOutAndCountsDown) {
    Cache cache(1 << 20);
    keep(cache, "a.example", 300, 1000);
    Bytes out;
    ASSERT_GT(get(cache, "A.eXample", 1100, &out), 0u);
    EXPECT_EQ(out[12 + 11 + 4 + 9], 200);  // the last octet of the TTL
    EXPECT_EQ(std::memcmp(out.data() + 12, "\1A\7eXample", 10), 0);
    EXPECT_EQ(get(cache, "a.example", 1300), 0u);
    EXPECT_EQ(get(cache, "a.example", 1300 + 86400), 0u);  // not even as a stale one
    EXPECT_EQ(cache.entries(), 0u);
    EXPECT_EQ(cache.bytes(), 0u);
    EXPECT_EQ(get(cache, "b.example", 1000), 0u);
}

TEST_F(CacheTest, StaysWithinItsBoundAndForgetsTheLeastRecentlyUsed) {
    Cache cache(20000);
    for (int i = 0; i < 1000; ++i) {
        const int second = i / 10;
        keep(cache, "n" + std::to_string(i) + ".example", 300, second);
        EXPECT_GT(get(cache, "n0.example", second), 0u) << i;  // used all the time
    }
    EXPECT_LE(cache.bytes(), 20000u);
    EXPECT_EQ(get(cache, "n1.example", 100), 0u);
    EXPECT_GT(get(cache, "n999.example", 100), 0u);
}

TEST_F(CacheTest, AnAnswerLargerThanTheLimitIsTruncated) {
    Cache cache(1 << 20);
    const auto asked = query("a.example", 1);
    std::vector<R> records(50, R{0, 1, 300, address});
    auto packet = answer(asked, records);
    cache.keep(parse_question(asked).question, {packet, 300}, 0);
    auto buffer = asked;
    buffer.resize(4096);
    const auto question = parse_question(std::span(buffer).first(asked.size())).question;
    EXPECT_EQ(cache.answer(buffer, question, 0, 512).size, asked.size());
    EXPECT_EQ(buffer[2] & 2, 2);
    EXPECT_EQ(buffer[7], 0);
}

}  // namespace
}  // namespace hort::dns
