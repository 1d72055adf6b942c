#include "daemon/activity.h"

#include <gtest/gtest.h>

#include "daemon/store/people.h"
#include "daemon/web/metrics.h"
#include "rules/compiler.h"

namespace hort {
namespace {

const Hostname& casino() {
    static const auto host = *Hostname::parse("casino.example");
    return host;
}

struct ActivityTest : testing::Test {
    ActivityTest() {
        person.id = 7;
        person.name = "mia";
        person.profile = Profile::of_tier("mia", Tier::age_7_11, Taxonomy::shipped());
        blocked.verdict = Verdict::block;
        blocked.reason = Reason::category;
        blocked.source.category = *Taxonomy::shipped().find("gambling");
        allowed.verdict = Verdict::allow;
        allowed.reason = Reason::no_rule;
    }
    Subject who() const { return {&person, &person.profile}; }
    void note(const Decision& decision, std::int64_t time = 3600 * 500'000 + 5) {
        activity.noted(Channel::dns, who(), casino(), decision, {time, 0});
    }

    int batches = 0;
    Activity activity{[this] { ++batches; }};
    Person person;
    Decision blocked, allowed;
};

TEST_F(ActivityTest, WhatIsOnlyWatchedIsCountedWithTheReasonItWouldBeBlockedFor) {
    activity.set_level(LogLevel::blocked);
    auto watched = blocked;
    watched.verdict = Verdict::allow;
    watched.is_watched = true;
    note(watched);
    const auto batch = activity.take();
    ASSERT_EQ(batch.counts.size(), 1u);
    EXPECT_EQ(batch.counts[0].verdict, store::ActivityVerdict::watch);
    EXPECT_EQ(batch.counts[0].reason, Reason::category);
    EXPECT_EQ(batch.entries.size(), 1u);
}

TEST_F(ActivityTest, KeepsWhatTheLevelSays) {
    struct Row {
        LogLevel level;
        std::size_t counts, entries;
    };
    for (const auto& [level, counts, entries] : {Row{LogLevel::none, 0, 0}, Row{LogLevel::counts, 2, 0},
                                                 Row{LogLevel::blocked, 2, 1}, Row{LogLevel::full, 2, 2}}) {
        activity.set_level(level);
        note(blocked);
        note(allowed);
        const auto batch = activity.take();
        EXPECT_EQ(batch.counts.size(), counts) << name_of(level);
        EXPECT_EQ(batch.entries.size(), entries) << name_of(level);
    }
}

TEST_F(ActivityTest, HelpLeavesNoTraceAtAnyLevel) {
    activity.set_level(LogLevel::full);
    allowed.reason = Reason::protected_help;
    note(allowed);
    EXPECT_TRUE(activity.take().is_empty());
    EXPECT_EQ(batches, 0) << "not even a sign that something was";
}

TEST_F(ActivityTest, NothingIsKeptOfWhomNobodyLooksAfter) {
    activity.set_level(LogLevel::full);
    person.profile.is_supervised = false;
    note(allowed);
    EXPECT_TRUE(activity.take().is_empty());
}

TEST_F(ActivityTest, OfOlderChildrenOnlyCountsAreKept) {
    activity.set_level(LogLevel::full);
    person.profile.keeps_detail = false;
    note(blocked);
    const auto batch = activity.take();
    EXPECT_EQ(batch.counts.size(), 1u);
    EXPECT_TRUE(batch.entries.empty());
}

TEST_F(ActivityTest, TheSameAgainIsCountedAndABatchIsAskedForOnce) {
    activity.set_level(LogLevel::blocked);
    for (int i = 0; i < 1000; ++i) note(blocked);
    EXPECT_EQ(batches, 1);
    const auto batch = activity.take();
    ASSERT_EQ(batch.entries.size(), 1u);
    EXPECT_EQ(batch.entries[0].count, 1000u);
    EXPECT_EQ(batch.counts[0].count, 1000u);
    note(blocked);
    EXPECT_EQ(batches, 2);
}

TEST_F(ActivityTest, AFloodIsOnlyCounted) {
    activity.set_level(LogLevel::blocked);
    for (std::size_t i = 0; i < 2 * Activity::max_entries; ++i)
        activity.noted(Channel::dns, who(), *Hostname::parse("n" + std::to_string(i) + ".example"), blocked, {5, 0});
    const auto batch = activity.take();
    EXPECT_EQ(batch.entries.size(), Activity::max_entries);
    EXPECT_EQ(batch.counts[0].count, 2 * Activity::max_entries);
}

TEST_F(ActivityTest, IsStoredForTheRightPersonAndForgottenInTime) {
    const auto database = *store::Database::open(":memory:");
    store::People people(*database);
    ASSERT_TRUE(people.add({0, "mia", Tier::age_7_11}, {"test", 1}));
    store::ActivityRecords records(*database);
    const auto id = people.find("mia")->id;
    person.id = id;
    activity.set_level(LogLevel::full);
    note(blocked, 3600 * 10 + 1);
    note(blocked, 3600 * 11 + 1);
    note(allowed, 3600 * 11 + 2);
    activity.noted(Channel::proxy, {nullptr, &person.profile}, casino(), blocked, {3600 * 11 + 3, 0});  // nobody known
    person.id = 999;  // gone meanwhile
    note(blocked, 3600 * 11 + 4);
    auto batch = activity.take();
    ASSERT_TRUE(records.add(batch.counts, batch.entries));
    ASSERT_TRUE(records.add(batch.counts, {}));

    const auto entries = *records.entries(std::nullopt, 100);
    ASSERT_EQ(entries.size(), 3u);
    EXPECT_EQ(entries[0].channel, store::ActivityChannel::proxy);
    EXPECT_EQ(entries[0].person, people.find("household")->id);
    const auto counts = *records.counts(id, 0, 100);
    ASSERT_EQ(counts.size(), 3u);
    EXPECT_EQ(counts[0].time, 3600 * 11);
    EXPECT_EQ(counts[2].time, 3600 * 10);
    EXPECT_EQ(counts[2].count, 2u) << "stored twice";

    ASSERT_TRUE(records.forget(3600 * 11, 3600 * 11));
    EXPECT_EQ(records.counts(id, 0, 100)->size(), 2u);
    ASSERT_TRUE(records.reduce(true, true, false));
    for (const auto& entry : *records.entries(std::nullopt, 100))
        EXPECT_EQ(entry.verdict, store::ActivityVerdict::block);
    ASSERT_TRUE(people.erase("mia", {"test", 2}));
    EXPECT_TRUE(records.counts(id, 0, 100)->empty());
    EXPECT_EQ(records.entries(std::nullopt, 100)->size(), 1u) << "of nobody known";
}

struct NoDns final : DnsFront {
    std::vector<UpstreamState> upstreams() const override {
        return {{"tls://dns.example#192.0.2.53:853", "", true, 5, 2, 1500}, {"192.0.2.1:53", "la\"n", false, 1, 0, 0}};
    }
    CacheState cache_state() const override { return {3, 400}; }
    std::size_t flush(std::string_view) override { return 0; }
};

TEST(Metrics, AreInTheFormatOfPrometheus) {
    Counters counters;
    counters.dns_queries = 42;
    PolicyInForce policy;
    auto one = std::make_shared<Policy>();
    RulesetCompiler compiler(Taxonomy::shipped(), HashKey{1, 2});
    one->ruleset = *Ruleset::open(image_in_memory(*compiler.finish(1)), Taxonomy::shipped());
    policy.publish(one);
    NoDns dns;
    const auto text = web::metrics_text({counters, dns, policy});
    EXPECT_NE(text.find("# TYPE hort_dns_queries_total counter\nhort_dns_queries_total 42\n"), std::string::npos);
    EXPECT_NE(text.find("hort_dns_cache_bytes 400\n"), std::string::npos);
    EXPECT_NE(text.find("hort_dns_upstream_up{upstream=\"tls://dns.example#192.0.2.53:853\",zone=\"\"} 0\n"),
              std::string::npos);
    EXPECT_NE(text.find("zone=\"la\\\"n\"} 1\n"), std::string::npos);
    EXPECT_NE(
        text.find("hort_dns_upstream_seconds{upstream=\"tls://dns.example#192.0.2.53:853\",zone=\"\"} 0.001500\n"),
        std::string::npos);
}

}  // namespace
}  // namespace hort
