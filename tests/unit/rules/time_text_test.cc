#include "rules/time_text.h"

#include <gtest/gtest.h>

namespace hort {
namespace {

TEST(Durations, AreReadAsPeopleWriteThem) {
    const std::pair<const char*, std::int64_t> cases[] = {
        {"30m", 1800},        {"1h", 3600},      {"1h30", 5400}, {"1h30m", 5400}, {"90min", 5400},
        {"1 h 30 min", 5400}, {"2 hours", 7200}, {"45s", 45},    {"1d", 86400},   {"2h5", 7500},
    };
    for (const auto& [text, seconds] : cases) {
        const auto parsed = parse_duration(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(*parsed, seconds) << text;
    }
    for (const char* text :
         {"", "0m", "30", "h", "1x", "30m1h", "1h1h", "-5m", "1,5h", "1.5h", "999999999999h", "400d"})
        EXPECT_FALSE(parse_duration(text)) << text;
    EXPECT_NE(parse_duration("30").error().hint.find("30m"), std::string::npos);
    EXPECT_EQ(text_of_duration(5400), "1 h 30 min");
    EXPECT_EQ(text_of_duration(65), "1 min 5 s");
    EXPECT_EQ(text_of_duration(0), "0 s");
}

TEST(Weekdays, AreNamesRangesAndWords) {
    EXPECT_EQ(*parse_weekdays("mon-fri"), 0x1fu);
    EXPECT_EQ(*parse_weekdays("weekends"), 0x60u);
    EXPECT_EQ(*parse_weekdays("sat-mon"), 0x61u) << "over the end of the week";
    EXPECT_EQ(*parse_weekdays("mon,wed,Sunday"), 0x45u);
    for (const char* text : {"", "mo", "mon-", "mon,,tue", "mon fri"}) EXPECT_FALSE(parse_weekdays(text)) << text;
    for (unsigned days = 1; days < 128; ++days) EXPECT_EQ(*parse_weekdays(text_of_weekdays(days)), days);
    EXPECT_EQ(text_of_weekdays(0x1f), "mon-fri");
    EXPECT_EQ(text_of_weekdays(0x45), "mon,wed,sun");
}

TEST(Windows, AreReadAndWritten) {
    EXPECT_EQ(text_of_windows(*parse_windows("15:00-19:30,20:00-21:00")), "15:00-19:30,20:00-21:00");
    EXPECT_EQ(text_of_windows(*parse_windows("all")), "all");
    EXPECT_EQ(text_of_windows(*parse_windows("none")), "none");
    EXPECT_EQ(parse_windows("22:00-06:00")->at(0).to, 360);
    for (const char* text : {"", "15:00", "15:00-15:00", "24:00-01:00", "15:00-19:30,", "15.00-19.30", "15-19"})
        EXPECT_FALSE(parse_windows(text)) << text;
    EXPECT_FALSE(parse_days("2026-12-24..2026-12-23"));
    EXPECT_EQ(parse_days("2026-12-24")->first, parse_days("2026-12-24")->second);
}

TEST(TimeText, AmountsOfBudgetsByWeekday) {
    EXPECT_EQ(*parse_amount("1h30"), 5400);
    EXPECT_EQ(*parse_amount("none"), 0);
    EXPECT_EQ(*parse_amount("all"), Budget::unlimited);
    EXPECT_NE(parse_amount("much").error().hint.find("none or all"), std::string::npos);
    for (const char* text : {"daily 1h30m", "mon-fri 1h; weekends 2h", "mon none", "wed 45s; sun 1h1m1s", ""})
        EXPECT_EQ(text_of_amounts(*parse_amounts(text)), text);
    EXPECT_EQ((*parse_amounts("mon-fri 1h"))[5], Budget::unlimited);
    EXPECT_FALSE(parse_amounts("mon-fri"));
    EXPECT_FALSE(parse_amounts("moonday 1h"));
}

TEST(TimeText, BirthdaysCountWholeYears) {
    EXPECT_EQ(age_on(*parse_day("2014-11-25"), *parse_day("2026-11-24")), 11);
    EXPECT_EQ(age_on(*parse_day("2014-11-25"), *parse_day("2026-11-25")), 12);
    EXPECT_EQ(age_on(*parse_day("2012-02-29"), *parse_day("2026-02-28")), 13);
    EXPECT_EQ(age_on(*parse_day("2012-02-29"), *parse_day("2026-03-01")), 14);
}

}  // namespace
}  // namespace hort
