#include "daemon/pin.h"

#include <gtest/gtest.h>

namespace hort {
namespace {

TEST(Pin, IsKeptAsAHashAndNoOtherFits) {
    const auto kept = hash_of_pin("47110815", "00112233445566778899aabbccddeeff");
    EXPECT_EQ(kept.find("47110815"), std::string::npos);
    EXPECT_TRUE(is_pin("47110815", kept));
    EXPECT_FALSE(is_pin("47110816", kept));
    EXPECT_FALSE(is_pin("", kept));
    EXPECT_FALSE(is_pin("47110815", "00"));
    EXPECT_NE(kept, hash_of_pin("47110815", "ff112233445566778899aabbccddeeff"));
    EXPECT_FALSE(check_new_pin("123"));
    EXPECT_TRUE(check_new_pin("1234"));
    EXPECT_FALSE(check_new_pin("12\n4"));
}

TEST(Pin, AfterFiveWrongOnesEachTryWaitsLonger) {
    const auto database = *store::Database::open(":memory:");
    PinAttempts attempts(*database);
    std::int64_t now = 1'000'000;
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(attempts.begin("mia", now)) << i;
    EXPECT_NE(attempts.begin("mia", now).error().what.find("possible in 1 min"), std::string::npos);
    EXPECT_TRUE(attempts.begin("tom", now)) << "another account waits for nobody";
    EXPECT_TRUE(attempts.begin("mia", now += 60));
    EXPECT_FALSE(attempts.begin("mia", now + 119));
    EXPECT_TRUE(attempts.begin("mia", now += 120));
    EXPECT_FALSE(attempts.begin("mia", now + 239));
    for (int i = 0; i < 40; ++i) EXPECT_TRUE(attempts.begin("mia", now += 86400));
    EXPECT_FALSE(attempts.begin("mia", now + 86399));
    EXPECT_TRUE(attempts.begin("mia", now + 86400)) << "a day at most";
    attempts.succeeded("mia");
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(attempts.begin("mia", now)) << i;
}

}  // namespace
}  // namespace hort
