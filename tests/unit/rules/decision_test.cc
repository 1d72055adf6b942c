#include "rules/decision.h"

#include <gtest/gtest.h>

#include "rules/compiler.h"
#include "rules/time_text.h"

namespace hort {
namespace {

// A household with one child of ten, and a list of a few categories.
class DecisionTest : public testing::Test {
  protected:
    DecisionTest() {
        RulesetCompiler compiler(taxonomy, HashKey{1, 2});
        const auto list = [&](const char* name, const char* category) {
            compiler.add(*Hostname::parse(name), Scope::subtree, *taxonomy.find(category));
        };
        list("casino.example", "gambling");
        list("proxy.example", "vpn_proxy");
        list("proxy.example", "gambling");
        list("news.example", "press");
        list("childline.org.uk", "adult");  // a list is wrong about a helpline
        policy.ruleset = *Ruleset::open(image_in_memory(*compiler.finish(1)), taxonomy);
        policy.help = std::make_shared<ProtectedHelp>(ProtectedHelp::shipped());
        policy.bypass = taxonomy.bypass();
        policy.household = Profile::of_tier("household", Tier::age_16_17, taxonomy);
        policy.people.push_back({1, "Mia", Profile::of_tier("mia", Tier::age_7_11, taxonomy)});
        policy.people.push_back({2, "Ann", Profile::of_tier("ann", Tier::adult, taxonomy)});
        policy.by_account = {{1000, 0}, {1001, 1}};
        policy.by_device[AddressBytes{1}] = 0;
    }

    Subject mia() const { return {&policy.people[0], &policy.people[0].profile}; }
    Subject ann() const { return {&policy.people[1], &policy.people[1].profile}; }
    void own(const char* site, Verdict verdict) {
        policy.people[0].profile.add_site(*Hostname::parse(site), {verdict, false, nullptr, {}});
    }
    Decision on(const Subject& who, const char* site) const { return decide(policy, who, *Hostname::parse(site), {}); }
    std::string said(const Subject& who, const char* site) const {
        const auto d = on(who, site);
        return std::string(name_of(d.verdict)) + " " + std::string(name_of(d.reason)) + " " +
               std::to_string(d.source.matched_labels);
    }

    const Taxonomy& taxonomy = Taxonomy::shipped();
    Policy policy;
};

TEST_F(DecisionTest, ABlockedCategoryBlocksTheNameAndAllBelow) {
    EXPECT_EQ(said(mia(), "casino.example"), "block category 2");
    EXPECT_EQ(said(mia(), "www.casino.example"), "block category 2");
    EXPECT_EQ(said(mia(), "example.org"), "allow no_rule 0");
    EXPECT_EQ(said(mia(), "news.example"), "allow no_rule 0");
}

TEST_F(DecisionTest, HelpIsAllowedWhateverTheListsAndRulesSayAndLeavesNoTrace) {
    own("childline.org.uk", Verdict::block);
    const auto d = on(mia(), "www.childline.org.uk");
    EXPECT_EQ(d.verdict, Verdict::allow);
    EXPECT_EQ(d.reason, Reason::protected_help);
    EXPECT_FALSE(d.leaves_a_trace());
    EXPECT_FALSE(on(ann(), "childline.org.uk").leaves_a_trace());
    EXPECT_TRUE(on(mia(), "casino.example").leaves_a_trace());
}

TEST_F(DecisionTest, AnAdultIsNotSupervised) { EXPECT_EQ(said(ann(), "casino.example"), "allow unsupervised 0"); }

TEST_F(DecisionTest, TheMostSpecificOwnRuleWinsOverOthersAndOverCategories) {
    own("casino.example", Verdict::allow);
    own("bad.casino.example", Verdict::block);
    own("example.org", Verdict::block);
    own("school.example.org", Verdict::allow);
    EXPECT_EQ(said(mia(), "casino.example"), "allow own_rule 2");
    EXPECT_EQ(said(mia(), "x.bad.casino.example"), "block own_rule 3");
    EXPECT_EQ(said(mia(), "example.org"), "block own_rule 2");
    EXPECT_EQ(said(mia(), "a.school.example.org"), "allow own_rule 3");
}

TEST_F(DecisionTest, AWayRoundTheFilterIsNamedAsSuchBeforeItsOtherCategories) {
    EXPECT_EQ(said(mia(), "proxy.example"), "block bypass 2");
}

TEST_F(DecisionTest, TheSocketsOwnerSpeaksBeforeTheAddress) {
    EXPECT_EQ(policy.subject(1001, AddressBytes{1}).person->name, "Ann");
    EXPECT_EQ(policy.subject(1000, AddressBytes{9}).person->name, "Mia");
    EXPECT_EQ(policy.subject(4711, AddressBytes{1}).person->name, "Mia");
    policy.add_subordinates({100'000, 165'535}, 1001);
    EXPECT_EQ(policy.subject(100'000, AddressBytes{1}).person->name, "Ann") << "in a user namespace of hers";
    EXPECT_EQ(policy.subject(165'535, AddressBytes{1}).person->name, "Ann");
    EXPECT_EQ(policy.owner_of(99'999), 99'999u);
    EXPECT_EQ(policy.owner_of(165'536), 165'536u);
    EXPECT_EQ(policy.subject({}, AddressBytes{9}).person, nullptr);
    EXPECT_EQ(policy.subject({}, AddressBytes{9}).profile->name, "household");
}

TEST_F(DecisionTest, ASubordinateAccountIsOfWhoHadItFirst) {
    policy.add_subordinates({200, 299}, 1);
    policy.add_subordinates({400, 499}, 2);
    policy.add_subordinates({400, 499}, 3);
    policy.add_subordinates({250, 260}, 3);
    policy.add_subordinates({100, 450}, 4);
    policy.add_subordinates({480, 500}, 5);
    policy.add_subordinates({0, 0xffffffff}, 6);
    const auto ranges = [&](std::uint32_t account) { return policy.accounts_of(account); };
    using Ranges = std::vector<AccountRange>;
    EXPECT_EQ(ranges(1), (Ranges{{1, 1}, {200, 299}}));
    EXPECT_EQ(ranges(2), (Ranges{{2, 2}, {400, 499}}));
    EXPECT_EQ(ranges(3), (Ranges{{3, 3}}));
    EXPECT_EQ(ranges(4), (Ranges{{4, 4}, {100, 199}, {300, 399}}));
    EXPECT_EQ(ranges(5), (Ranges{{5, 5}, {500, 500}}));
    EXPECT_EQ(ranges(6), (Ranges{{6, 6}, {1, 99}, {501, 0xffffffff}}));
    EXPECT_EQ(policy.owner_of(450), 2u);
    EXPECT_EQ(policy.owner_of(350), 4u);
    EXPECT_EQ(policy.owner_of(0), 0u) << "root";
}

TEST_F(DecisionTest, ExplainsItselfInOneSentence) {
    const auto words = [&](const char* site) {
        return explain(on(mia(), site), policy, mia(), *Hostname::parse(site));
    };
    EXPECT_EQ(words("www.casino.example"),
              "www.casino.example is blocked for Mia: casino.example is listed under Gambling and betting.");
    EXPECT_EQ(words("childline.org.uk"), "childline.org.uk is protected help: always reachable, never logged.");
    own("a.org", Verdict::block);
    EXPECT_EQ(words("b.a.org"), "b.a.org is blocked by the own rule for a.org of Mia.");
}

TEST_F(DecisionTest, ABudgetThatNamesTheSiteHoldsBeforeAnOwnRuleThatAllowsIt) {
    auto& person = policy.people[0];
    own("film.example", Verdict::allow);
    own("news.example", Verdict::allow);
    Budget of_site{"film.example", {}, Budget::Period::day, {}, false, 0};
    of_site.scope.sites = {*Hostname::parse("film.example")};
    Budget of_category{"press", {}, Budget::Period::day, {}, false, 0};
    of_category.scope.categories = CategorySet::of(*taxonomy.find("press"));
    person.profile.budgets = {of_site, of_category};
    const Moment tomorrow{1000, 1000, 1000};
    person.budgets = {{60, 60, 0, 0, {}, tomorrow}, {60, 60, 0, 0, {}, tomorrow}};
    EXPECT_EQ(said(mia(), "www.film.example"), "block budget 0");
    EXPECT_EQ(said(mia(), "news.example"), "allow own_rule 2")
        << "a rule for the site says more than a category's budget";
    person.profile.own_rules = {};
    EXPECT_EQ(said(mia(), "news.example"), "block budget 2");
    EXPECT_EQ(on(mia(), "news.example").until->wall_seconds, 1000);
    EXPECT_EQ(explain(on(mia(), "news.example"), policy, mia(), *Hostname::parse("news.example")),
              "news.example is blocked for Mia: the time for " + taxonomy.entries()[*taxonomy.find("press")].title.en +
                  " is used up for today.");
    EXPECT_FALSE(decide(policy, mia(), *Hostname::parse("news.example"), tomorrow).is_blocked()) << "a new day";
}

TEST_F(DecisionTest, TheVerdictsEndIsFoundThroughChangesThatOnlyGiveAnotherReason) {
    auto& person = policy.people[0];
    person.profile.breaks = BreakRule{100, 50};
    person.profile.budgets = {{"device", {}, Budget::Period::day, {}, false, 0}};
    person.profile.budgets[0].scope.is_device = true;
    const Moment now{10'000, 500, 400};
    person.budgets = {{0, 1000, 0, 0, {}, {13'000, 3'500, 3'400}}};
    person.break_state.ends_at = 520;
    EXPECT_EQ(verdict_until(policy, mia(), Target::session(), now)->wall_seconds, 10'020) << "the break";
    person.budgets[0].used = 1000;
    EXPECT_EQ(verdict_until(policy, mia(), Target::session(), now)->wall_seconds, 13'000) << "then the budget";
    person.budgets[0].used = 0;
    person.break_state = {};
    EXPECT_FALSE(verdict_until(policy, mia(), Target::session(), now));
    // A bonus outside the hours; the machine's own clock is a fraction of a second behind the one on the wall.
    Schedule none;
    policy.schedules.push_back(none);
    person.profile.online = static_cast<ScheduleIndex>(policy.schedules.size() - 1);
    Grant bonus;
    bonus.kind = Grant::Kind::bonus;
    for (const std::int64_t apart : {-1, 0, 1}) {
        bonus.until = Moment{10'060, 560 + apart, 460};
        person.grants = {bonus};
        const auto until = verdict_until(policy, mia(), Target::session(), now);
        ASSERT_TRUE(until) << apart;
        EXPECT_EQ(until->wall_seconds, 10'060) << apart;
    }
}

TEST_F(DecisionTest, ABlockedServiceBlocksItsProgramsAndItsBudgetCoversThem) {
    auto& profile = policy.people[0].profile;
    const Service* service = nullptr;
    for (const auto& one : Services::shipped().all())
        if (!one.executables.empty() && !one.hosts.empty()) service = &one;
    ASSERT_NE(service, nullptr);
    const auto program = service->executables.front();
    const auto of = [&](std::string_view name) { return decide(policy, mia(), Target::of_program(name), {}); };
    EXPECT_FALSE(of(program).is_blocked());
    profile.add_service(*service, {Verdict::block, false, nullptr, {}});
    EXPECT_EQ(of(program).reason, Reason::own_rule);
    EXPECT_TRUE(of(program).is_blocked());
    EXPECT_FALSE(of("an-editor").is_blocked());
    profile.program_rules.clear();
    Budget budget{service->id, {}, Budget::Period::day, {}, false, 0};
    budget.scope.services = {service};
    profile.budgets = {budget};
    policy.people[0].budgets = {{60, 60, 0, 0, {}, {9, 9, 9}}};
    EXPECT_EQ(of(program).reason, Reason::budget);
}

TEST(Taxonomy, TiersComeFromAgesAndOlderChildrenHaveFewerBlocks) {
    EXPECT_EQ(tier_of_age(6), Tier::age_0_6);
    EXPECT_EQ(tier_of_age(7), Tier::age_7_11);
    EXPECT_EQ(tier_of_age(12), Tier::age_12_15);
    EXPECT_EQ(tier_of_age(16), Tier::age_16_17);
    EXPECT_EQ(tier_of_age(18), Tier::adult);
    const auto& t = Taxonomy::shipped();
    for (int i = 1; i < 5; ++i) {
        const auto younger = t.blocked_by(static_cast<Tier>(i - 1)), older = t.blocked_by(static_cast<Tier>(i));
        EXPECT_TRUE((older - younger).empty()) << i;
    }
    EXPECT_TRUE(t.blocked_by(Tier::adult).empty());
    EXPECT_NE(t.find("gamblng").error().hint.find("gambling"), std::string::npos);
}

TEST(Taxonomy, BadDataIsRefusedWithItsPlace) {
    EXPECT_FALSE(Taxonomy::parse("nonsense"));
    EXPECT_FALSE(Taxonomy::parse(R"({"categories": [{"id": "a"}]})"));
    const auto twice = Taxonomy::parse(R"({"categories": [{"id": "a", "title": {"en": "A", "de": "A"}},
                                                           {"id": "a", "title": {"en": "A", "de": "A"}}]})");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().text(), "category 2 'a': stands twice");
}

// Times. Mia's machine has run for 5,000 seconds when the clock on the wall says Monday 2026-11-23 10:00 UTC.
class TimesTest : public DecisionTest {
  protected:
    const Moment now{1'795'428'000, 5000};
    Moment in(std::int64_t seconds) const { return {now.wall_seconds + seconds, now.boot_seconds + seconds}; }

    ScheduleIndex hours(const char* windows) {
        Schedule schedule;
        const auto parsed = parse_windows(windows);
        for (int day = 0; day < 7; ++day)
            for (const auto& window : *parsed) schedule.add(day, window);
        policy.schedules.push_back(schedule);
        return static_cast<ScheduleIndex>(policy.schedules.size() - 1);
    }
    void online(const char* windows) { policy.people[0].profile.online = hours(windows); }
    void grant(Grant grant) { policy.people[0].grants.push_back(grant); }
    std::string at(const Moment& when, const char* site) const {
        const auto d = decide(policy, mia(), *Hostname::parse(site), when);
        return std::string(name_of(d.verdict)) + " " + std::string(name_of(d.reason)) +
               (d.until ? " " + std::to_string(d.until->wall_seconds - when.wall_seconds) : "");
    }
    std::string session(const Moment& when) const {
        const auto d = decide(policy, mia(), Target::session(), when);
        return std::string(name_of(d.verdict)) + " " + std::string(name_of(d.reason)) +
               (d.until ? " " + std::to_string(d.until->wall_seconds - when.wall_seconds) : "");
    }
    static Grant until(Grant::Kind kind, Moment end) {
        Grant out;
        out.kind = kind;
        out.until = end;
        return out;
    }
};

TEST_F(TimesTest, OutsideTheHoursOnlyHelpAndWhatIsAlwaysAllowedStaysOpen) {
    online("08:00-10:30");
    policy.people[0].profile.add_site(*Hostname::parse("school.example"), {Verdict::allow, true, nullptr, {}});
    own("fun.example", Verdict::allow);
    EXPECT_EQ(session(now), "allow no_rule 1800");
    EXPECT_EQ(session(in(1799)), "allow no_rule 1");
    EXPECT_EQ(session(in(1800)), "block schedule 77400") << "until 08:00";
    EXPECT_EQ(at(in(1800), "www.fun.example"), "block schedule 77400");
    EXPECT_EQ(at(in(1800), "school.example"), "allow own_rule");
    EXPECT_EQ(at(in(1800), "childline.org.uk"), "allow protected_help");
    EXPECT_EQ(decide(policy, ann(), Target::session(), in(1800)).reason, Reason::unsupervised);
}

TEST_F(TimesTest, ABonusHoldsOnTheBootClockWhateverTheWallClockSays) {
    online("none");
    grant(until(Grant::Kind::bonus, in(600)));
    EXPECT_EQ(session(now), "allow no_rule 600");
    EXPECT_EQ(session({now.wall_seconds - 86400, now.boot_seconds + 590}), "allow no_rule 10")
        << "the clock was set back";
    EXPECT_EQ(session({now.wall_seconds - 86400, now.boot_seconds + 600}), "block schedule") << "it gave no more time";
    policy.people[0].grants[0].until->boot_seconds = 0;  // after a restart of the machine
    EXPECT_EQ(session({now.wall_seconds + 590, 3}), "allow no_rule 10");
    EXPECT_EQ(session({now.wall_seconds + 600, 13}), "block schedule");
}

TEST_F(TimesTest, APauseWinsOverEverythingButHelpAndAlways) {
    policy.people[0].profile.add_site(*Hostname::parse("school.example"), {Verdict::allow, true, nullptr, {}});
    own("fun.example", Verdict::allow);
    grant(until(Grant::Kind::pause, in(60)));
    auto site = until(Grant::Kind::allow, in(3600));
    site.site = *Hostname::parse("example.org");
    grant(site);
    EXPECT_EQ(at(now, "fun.example"), "block pause 60");
    EXPECT_EQ(at(now, "example.org"), "block pause 60");
    EXPECT_EQ(at(now, "school.example"), "allow own_rule");
    EXPECT_EQ(at(now, "childline.org.uk"), "allow protected_help");
    EXPECT_EQ(session(now), "block pause 60");
    EXPECT_EQ(at(in(60), "example.org"), "allow grant 3540");
    policy.people[0].grants[0].until.reset();
    EXPECT_EQ(session(in(86400 * 400)), "block pause") << "until it is taken back";
}

TEST_F(TimesTest, AnExceptionIsForExactlyThat) {
    online("none");
    own("casino.example", Verdict::block);
    auto site = until(Grant::Kind::allow, in(600));
    site.site = *Hostname::parse("casino.example");
    grant(site);
    auto category = until(Grant::Kind::allow, in(300));
    category.category = *taxonomy.find("press");
    grant(category);
    auto service = until(Grant::Kind::allow, in(200));
    service.service = Services::shipped().find("roblox");
    grant(service);
    EXPECT_EQ(at(now, "www.casino.example").substr(0, 11), "allow grant");
    EXPECT_EQ(at(now, "www.casino.example"), "allow grant 600") << "it wins over the own rule, and over the hours";
    EXPECT_EQ(at(now, "news.example"), "allow grant 300");
    EXPECT_EQ(at(now, "c0.rbxcdn.com"), "allow grant 200");
    EXPECT_EQ(at(now, "example.org").substr(0, 14), "block schedule");
    EXPECT_EQ(at(in(600), "casino.example"), "block own_rule");
    EXPECT_EQ(at(in(300), "news.example"), "block schedule");
}

TEST_F(TimesTest, HoursOfASubjectBlockItOutsideOfThem) {
    auto& profile = policy.people[0].profile;
    profile.add_service(*Services::shipped().find("roblox"),
                        {Verdict::block, false, nullptr, hours("16:00-17:00"), true});
    profile.timed.push_back({CategorySet::of(*taxonomy.find("press")), Verdict::block, hours("10:00-10:30"), true});
    EXPECT_EQ(at(now, "roblox.com"), "block own_rule 21600");
    EXPECT_EQ(at(in(21600), "roblox.com"), "allow no_rule 3600");
    EXPECT_EQ(at(now, "news.example"), "allow no_rule 1800");
    EXPECT_EQ(at(in(1800), "news.example"), "block category 84600");
    EXPECT_EQ(session(now), "allow no_rule");
}

}  // namespace
}  // namespace hort
