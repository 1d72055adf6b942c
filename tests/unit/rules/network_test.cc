#include "rules/network.h"

#include <gtest/gtest.h>

namespace hort {
namespace {

AddressBytes address(const char* text) { return parse_network(text)->address; }

TEST(Network, HoldsTheAddressesOfItsPrefix) {
    const auto school = *parse_network("10.7.0.0/16");
    EXPECT_TRUE(school.contains(address("10.7.255.3")));
    EXPECT_FALSE(school.contains(address("10.8.0.1")));
    EXPECT_TRUE(parse_network("10.7.0.0/23")->contains(address("10.7.1.9")));
    EXPECT_FALSE(parse_network("10.7.0.0/23")->contains(address("10.7.2.9")));
    EXPECT_TRUE(parse_network("fd00:7::/64")->contains(address("fd00:7::1:2")));
    EXPECT_FALSE(parse_network("fd00:7::/64")->contains(address("fd00:7:0:1::1")));
    EXPECT_FALSE(parse_network("fd00:7::/64")->contains(address("10.7.0.1")));
    EXPECT_TRUE(parse_network("192.168.1.20")->contains(address("192.168.1.20")));
    EXPECT_FALSE(parse_network("192.168.1.20")->contains(address("192.168.1.21")));
    EXPECT_TRUE(parse_network("0.0.0.0/0")->contains(address("1.2.3.4")));
    EXPECT_FALSE(parse_network("0.0.0.0/0")->contains(address("fd00::1")));
    EXPECT_TRUE(parse_network("::/0")->contains(address("fd00::1")));
}

TEST(Network, RefusesWhatIsNone) {
    for (const char* text :
         {"", "10.7", "10.7.0.0/33", "10.7.0.0/", "10.7.0.0/-1", "10.7.0.0/1x", "10.7.0.1/16", "256.0.0.1", "01.2.3.4",
          "fd00::/129", "fd00:::1", "1:2:3:4:5:6:7:8:9", "12345::", "fd00::1%eth0", "a.b.c.d", "fd00:7::1/64", "::1::"})
        EXPECT_FALSE(parse_network(text)) << text;
}

}  // namespace
}  // namespace hort
