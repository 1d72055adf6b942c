#include <gtest/gtest.h>

#include <filesystem>

#include "daemon/store/people.h"

namespace hort::store {
namespace {

class StoreTest : public testing::Test {
  protected:
    StoreTest() {
        path = (std::filesystem::temp_directory_path() / ("hort-store-" + std::to_string(getpid()))).string();
        std::filesystem::remove_all(path);
        std::filesystem::create_directory(path);
        open();
    }
    ~StoreTest() override { std::filesystem::remove_all(path); }
    void open() {
        people.reset();
        database.reset();
        database = *Database::open(path + "/hort.db");
        people = std::make_unique<People>(*database);
    }
    PersonRecord mia() { return {0, "Mia", Tier::age_7_11, {"mia"}, {"10.0.0.1"}, {}}; }

    std::string path;
    std::unique_ptr<Database> database;
    std::unique_ptr<People> people;
    const By by{"ann", 1000};
};

TEST_F(StoreTest, WhatWasSetIsThereAfterOpeningAgain) {
    ASSERT_TRUE(people->add(mia(), by));
    ASSERT_TRUE(people->set_rule("mia", {"a.org", false, Verdict::block}, by));
    ASSERT_TRUE(people->set_rule("mia", {"gambling", true, Verdict::allow}, by));
    ASSERT_TRUE(people->set_rule("mia", {"a.org", false, Verdict::allow}, by));
    open();
    const auto all = *people->all();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[1].name, "household") << "the profile of devices that belong to nobody known";
    EXPECT_TRUE(all[1].is_profile);
    EXPECT_EQ(all[0].name, "Mia");
    EXPECT_EQ(all[0].tier, Tier::age_7_11);
    EXPECT_EQ(all[0].accounts, std::vector<std::string>{"mia"});
    EXPECT_EQ(all[0].devices, std::vector<std::string>{"10.0.0.1"});
    ASSERT_EQ(all[0].rules.size(), 2u);
    EXPECT_EQ(all[0].rules[0].subject, "a.org");
    EXPECT_EQ(all[0].rules[0].verdict, Verdict::allow);
    EXPECT_TRUE(all[0].rules[1].is_category);
}

TEST_F(StoreTest, ARefusedChangeLeavesNothingBehindNotEvenAnAuditRow) {
    ASSERT_TRUE(people->add(mia(), by));
    auto tom = mia();
    tom.name = "Tom";
    tom.accounts = {"tom"};  // but Mia's device
    const auto added = people->add(tom, by);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().what, "the device 10.0.0.1 belongs to Mia already");
    EXPECT_FALSE(people->add(mia(), by));
    EXPECT_FALSE(people->set_rule("nobody", {"a.org", false, Verdict::block}, by));
    EXPECT_FALSE(people->unset_rule("mia", "a.org", false, by));
    EXPECT_FALSE(people->remove("nobody", by));
    EXPECT_EQ(people->all()->size(), 2u) << "Mia and the profile household";
    EXPECT_EQ(newest_changes(*database, 10)->size(), 1u);
}

TEST_F(StoreTest, AChangeOfAPersonIsWholeOrNothing) {
    ASSERT_TRUE(people->add(mia(), by));
    ASSERT_TRUE(people->set_rule("mia", {"a.org", false, Verdict::block}, by));
    ASSERT_TRUE(people->change("mia", {Tier::age_12_15, {"mia2"}, {"10.0.0.2"}, {"10.0.0.1"}}, by));
    const auto changed = *people->find("mia");
    EXPECT_EQ(changed.tier, Tier::age_12_15);
    EXPECT_EQ(changed.accounts, (std::vector<std::string>{"mia", "mia2"}));
    EXPECT_EQ(changed.devices, std::vector<std::string>{"10.0.0.2"});
    EXPECT_EQ(changed.rules.size(), 1u) << "own rules stay";
    auto tom = mia();
    tom.name = "Tom";
    tom.accounts = {"tom"};
    ASSERT_TRUE(people->add(tom, by));
    EXPECT_FALSE(people->change("tom", {Tier::adult, {"mia"}, {}, {}}, by)) << "Mia's account";
    EXPECT_FALSE(people->change("tom", {Tier::adult, {}, {}, {"nothing"}}, by));
    EXPECT_EQ(people->find("tom")->tier, Tier::age_7_11);
    EXPECT_FALSE(people->change("nobody", {Tier::adult, {}, {}, {}}, by));
}

TEST_F(StoreTest, RemovingAPersonRemovesAllThatBelongsToIt) {
    ASSERT_TRUE(people->add(mia(), by));
    ASSERT_TRUE(people->set_rule("mia", {"a.org", false, Verdict::block}, by));
    ASSERT_TRUE(people->remove("MIA", by));
    int left = 0;
    for (const char* sql : {"SELECT 1 FROM accounts", "SELECT 1 FROM devices", "SELECT 1 FROM rules",
                            "SELECT 1 FROM people WHERE kind = 'person'"})
        ASSERT_TRUE(database->run(sql, {}, [&](const Database::Row&) { ++left; }));
    EXPECT_EQ(left, 0);
    EXPECT_TRUE(people->add(mia(), by));
}

TEST_F(StoreTest, EveryChangeHasAnAuditRowNewestFirst) {
    ASSERT_TRUE(people->add(mia(), by));
    ASSERT_TRUE(people->set_rule("mia", {"a.org", false, Verdict::block}, {"tom", 1001}));
    ASSERT_TRUE(people->unset_rule("mia", "a.org", false, {"ann", 1002}));
    const auto changes = *newest_changes(*database, 2);
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].action, "unset");
    EXPECT_EQ(changes[1].actor, "tom");
    EXPECT_EQ(changes[1].time, 1001);
    EXPECT_EQ(changes[1].detail, "Mia a.org");
    EXPECT_EQ(changes[1].before, "");
    EXPECT_EQ(changes[1].after, "Mia: block a.org");
    EXPECT_EQ(changes[0].before, "Mia: block a.org");
    EXPECT_EQ(changes[0].after, "");
}

TEST_F(StoreTest, ASettingIsMadeOnce) {
    int made = 0;
    const auto make = [&] { return "value " + std::to_string(++made); };
    EXPECT_EQ(*people->setting("salt", make), "value 1");
    open();
    EXPECT_EQ(*people->setting("salt", make), "value 1");
}

TEST_F(StoreTest, TextWithQuotesAndNulIsKeptAsItIs) {
    auto odd = mia();
    odd.name = std::string("'; DROP TABLE people; --\0x", 26);
    ASSERT_TRUE(people->add(odd, by));
    EXPECT_EQ(people->all()->at(0).name, odd.name);
}

}  // namespace
}  // namespace hort::store
