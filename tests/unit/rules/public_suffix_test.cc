#include "rules/public_suffix.h"

#include <gtest/gtest.h>

namespace hort {
namespace {

PublicSuffix of(const char* name) { return public_suffix(*Hostname::parse(name)); }

TEST(PublicSuffix, TellsRegistriesFromPlatforms) {
    EXPECT_EQ(of("com"), PublicSuffix::registry);
    EXPECT_EQ(of("co.uk"), PublicSuffix::registry);
    EXPECT_EQ(of("example.co.uk"), PublicSuffix::none);
    EXPECT_EQ(of("github.io"), PublicSuffix::platform);
    EXPECT_EQ(of("somebody.github.io"), PublicSuffix::none);
    EXPECT_EQ(of("xn--55qx5d.cn"), PublicSuffix::registry) << "the list writes it in Chinese";
    EXPECT_EQ(of("nosuchtld"), PublicSuffix::none);
}

TEST(PublicSuffix, FollowsWildcardsAndTheirExceptions) {
    EXPECT_EQ(of("ck"), PublicSuffix::registry) << "the list has only *.ck";
    EXPECT_EQ(of("co.ck"), PublicSuffix::registry);
    EXPECT_EQ(of("example.co.ck"), PublicSuffix::none);
    EXPECT_EQ(of("www.ck"), PublicSuffix::none) << "an exception";
    EXPECT_EQ(of("dweb.link"), PublicSuffix::platform);
    EXPECT_EQ(of("x.dweb.link"), PublicSuffix::platform);
}

}  // namespace
}  // namespace hort
