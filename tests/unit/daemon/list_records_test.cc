#include "daemon/store/list_records.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace hort::store {
namespace {

class ListRecordsTest : public testing::Test {
  protected:
    ListRecordsTest() {
        path = (std::filesystem::temp_directory_path() / ("hort-records-" + std::to_string(getpid()))).string();
        std::filesystem::remove_all(path);
        std::filesystem::create_directory(path);
        open();
    }
    ~ListRecordsTest() override { std::filesystem::remove_all(path); }
    void open() {
        records.reset();
        database.reset();
        database = *Database::open(path + "/hort.db");
        records = std::make_unique<ListRecords>(*database);
    }
    SubscriptionRecord games() {
        SubscriptionRecord out;
        out.url = "https://lists.example/games";
        out.category = "games";
        return out;
    }

    std::string path;
    std::unique_ptr<Database> database;
    std::unique_ptr<ListRecords> records;
    const By by{"ann", 1000};
};

TEST_F(ListRecordsTest, ASubscriptionAndItsStateAreThereAfterOpeningAgain) {
    auto record = games();
    record.id = *records->add(record, by);
    record.etag = "\"v1\"";
    record.entries = 7;
    record.failures = 2;
    record.problem = "shrank";
    ASSERT_TRUE(records->save_state(record));
    open();
    const auto all = *records->subscriptions();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].url, record.url);
    EXPECT_EQ(all[0].etag, "\"v1\"");
    EXPECT_EQ(all[0].entries, 7);
    EXPECT_EQ(all[0].failures, 2);
    EXPECT_EQ(all[0].problem, "shrank");
    EXPECT_FALSE(records->add(games(), by)) << "it is there already";
    auto other = games();
    other.category = "shopping";
    EXPECT_TRUE(records->add(other, by)) << "one list may speak of two categories";
    EXPECT_TRUE(records->remove(record.id, by));
    EXPECT_FALSE(records->remove(record.id, by));
    EXPECT_EQ(records->subscriptions()->size(), 1u);
}

TEST_F(ListRecordsTest, ABundleNeverGoesBack) {
    EXPECT_TRUE(records->put_bundle({"am-hort", 7, "k", 1}, by));
    EXPECT_FALSE(records->put_bundle({"am-hort", 7, "k", 2}, by));
    EXPECT_FALSE(records->put_bundle({"am-hort", 6, "k", 2}, by));
    EXPECT_TRUE(records->put_bundle({"am-hort", 8, "k", 2}, by));
    EXPECT_TRUE(records->put_bundle({"other", 1, "k", 2}, by));
    open();
    const auto all = *records->bundles();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].serial, 8);
    EXPECT_TRUE(records->remove_bundle("am-hort", by));
    EXPECT_FALSE(records->remove_bundle("am-hort", by));
}

TEST_F(ListRecordsTest, KeysAreTrustedUntilTheyAreNot) {
    EXPECT_TRUE(records->trust({"aa", "school"}, by));
    open();
    EXPECT_EQ(records->trusted_keys()->size(), 1u);
    EXPECT_TRUE(records->distrust("aa", by));
    EXPECT_FALSE(records->distrust("aa", by));
    EXPECT_TRUE(records->trusted_keys()->empty());
}

}  // namespace
}  // namespace hort::store
