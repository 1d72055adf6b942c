#include "daemon/store/backup.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "daemon/store/budgets.h"
#include "daemon/store/hours.h"
#include "daemon/store/ledger.h"
#include "daemon/store/people.h"

namespace hort::store {
namespace {

const By by{"ann", 1000};

std::unique_ptr<Database> household() {
    auto database = *Database::open(":memory:");
    People people(*database);
    EXPECT_TRUE(people.add({0, "Mia", Tier::age_7_11, {"mia"}, {"10.0.0.1"}, {}}, by));
    EXPECT_TRUE(people.set_rule("mia", {"a.org", false, Verdict::allow, true}, by));
    EXPECT_TRUE(Hours(*database).set("mia", {0, "", "", "15:00-19:30"}, {"mon", "tue"}, by));
    EXPECT_TRUE(
        Budgets(*database).set("mia", {0, "games,youtube", "mon-fri 1h", Budget::Period::day, true, 20000}, by));
    EXPECT_TRUE(Budgets(*database).set_counting("mia", {"wikipedia.org"}, false, by));
    EXPECT_TRUE(Budgets(*database).set_break("mia", 2700, 900, by));
    const auto id = people.find("mia")->id;
    EXPECT_TRUE(Ledger(*database).keep({{id, 20000, "device", 1'728'000'000, 300}}, {}, {}, 1'728'000'300));
    return database;
}

TEST(Backup, SettingsAreLinesThatPeopleRead) {
    const auto from = household();
    const auto id = People(*from).find("mia")->id;
    ASSERT_TRUE(
        from->run("INSERT INTO reserves (person, day, scope, seconds) VALUES (?, 20000, 'device', 1800)", {id}));
    EXPECT_EQ(*settings_lines(*from),
              (std::vector<std::string>{
                  "Mia: 30 min added to device on 2024-10-04", "Mia: account mia", "Mia: allow a.org always",
                  "Mia: break of 15 min after 45 min", "Mia: budget of games,youtube per day mon-fri 1h, carries over",
                  "Mia: device 10.0.0.1", "Mia: hours mon 15:00-19:30", "Mia: hours tue 15:00-19:30",
                  "Mia: person, age tier 7-11, at the end lock", "Mia: wikipedia.org does not count",
                  "household: profile, age tier 16-17, at the end lock"}));
}

TEST(Backup, WhatIsExportedAndImportedIsTheSameHousehold) {
    const auto from = household();
    const auto document = *export_household(*from, "");
    const auto to = *Database::open(":memory:");
    const auto done = import_household(*to, document, false, by);
    ASSERT_TRUE(done) << done.error().text();
    EXPECT_EQ(*settings_lines(*to), *settings_lines(*from));
    EXPECT_EQ(*export_household(*to, ""), document);
    EXPECT_EQ(Ledger(*to).used(People(*to).find("mia")->id, "device", 20000, 20000), 300);
    EXPECT_EQ(document["people"][0]["usage"][0]["seconds"], 300);
}

TEST(Backup, WhatIsTooOldIsForgotten) {
    const auto from = household();
    Ledger ledger(*from);
    const auto id = People(*from).find("mia")->id;
    ASSERT_TRUE(ledger.keep({{id, 20100, "device", 1'736'640'000, 60}}, {}, {}, 1'736'640'060));
    ASSERT_TRUE(ledger.forget(1'736'000'000, 20050));
    EXPECT_EQ(ledger.used(id, "device", 0, 30000), 60);
    EXPECT_EQ(ledger.spans(id, 0)->size(), 1u);
    EXPECT_TRUE(newest_changes(*from, 10)->empty()) << "changes of 1970";
    EXPECT_TRUE(People(*from).find("mia")) << "settings stay";
}

TEST(Backup, OfAChildHoldsNobodyElse) {
    const auto from = household();
    ASSERT_TRUE(People(*from).add({0, "Tom", Tier::age_7_11, {}, {}, {}}, by));
    const auto document = *export_household(*from, "mia");
    ASSERT_EQ(document["people"].size(), 1u);
    EXPECT_FALSE(document.contains("settings"));
    EXPECT_FALSE(export_household(*from, "nobody"));
}

TEST(Backup, ImportTakesNobodysPlaceUnasked) {
    const auto to = household();
    const auto before = *settings_lines(*to);
    const auto document = *export_household(*to, "");
    EXPECT_FALSE(import_household(*to, document, false, by));
    EXPECT_TRUE(import_household(*to, document, true, by));
    EXPECT_EQ(*settings_lines(*to), before);
}

TEST(Backup, AWrongValueAnywhereChangesNothingAndIsNamed) {
    const auto from = household();
    const auto good = *export_household(*from, "");
    const auto before = *settings_lines(*from);
    const auto refused = [&](const char* pointer, nlohmann::json value) {
        auto bad = good;
        bad[nlohmann::json::json_pointer(pointer)] = std::move(value);
        const auto done = import_household(*from, bad, true, by);
        EXPECT_FALSE(done) << pointer;
        EXPECT_EQ(*settings_lines(*from), before);
        return done ? std::string() : done.error().where;
    };
    EXPECT_EQ(refused("/people/0/name", "mia; drop"), "people[0].name");
    EXPECT_EQ(refused("/people/0/tier", "13"), "people[0].tier");
    EXPECT_EQ(refused("/people/0/rules/0/subject", "no such thing"), "people[0].rules[0].subject");
    EXPECT_EQ(refused("/people/0/rules/0/verdict", "maybe"), "people[0].rules[0].verdict");
    EXPECT_EQ(refused("/people/0/hours/1/windows", "25:00-26:00"), "people[0].hours[1].windows");
    EXPECT_EQ(refused("/people/0/budgets/0/amounts", "much"), "people[0].budgets[0].amounts");
    EXPECT_EQ(refused("/people/0/usage/0/seconds", -1), "people[0].usage[0].seconds");
    EXPECT_EQ(refused("/people/0/devices/0/address", "10.0.0.01"), "people[0].devices[0].address");
    EXPECT_EQ(refused("/people/0/kind", "robot"), "people[0]");
    EXPECT_EQ(refused("/people/0/follows", "nobody"), "people");
    EXPECT_EQ(refused("/people/0/rules", 3), "people[0].rules");
    EXPECT_EQ(refused("/people/0", 3), "people[0]");
    EXPECT_EQ(refused("/hort_export", 2), "document");
}

}  // namespace
}  // namespace hort::store
