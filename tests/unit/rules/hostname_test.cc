#include "rules/hostname.h"

#include <gtest/gtest.h>

namespace hort {
namespace {

std::string normal(std::string_view text) {
    const auto host = Hostname::parse(text);
    return host ? std::string(host->text()) : "refused: " + host.error().what;
}

TEST(Hostname, IsLowerCaseWithoutTrailingDot) {
    EXPECT_EQ(normal("WWW.Example.ORG."), "www.example.org");
    EXPECT_EQ(normal("localhost"), "localhost");
    EXPECT_EQ(normal("_dns.resolver.arpa"), "_dns.resolver.arpa");
}

TEST(Hostname, InternationalNamesBecomeALabels) {
    EXPECT_EQ(normal("b\xc3\xbc\x63her.example"), "xn--bcher-kva.example");
#ifndef _WIN32  // IdnToAscii follows IDNA 2003, in which sharp s becomes ss; libidn2 follows IDNA 2008
    EXPECT_EQ(normal("stra\xc3\x9f\x65.de"), "xn--strae-oqa.de");
#endif
    EXPECT_EQ(normal("xn--bcher-kva.example"), "xn--bcher-kva.example");
}

TEST(Hostname, LabelsWithTwoHyphensThatAreNoALabelsAreKept) {
    EXPECT_EQ(normal("r3---sn-4g5e6nez.googlevideo.com"), "r3---sn-4g5e6nez.googlevideo.com");
}

TEST(Hostname, RefusesWhatTheStandardsForbidWithItsReason) {
    const std::string label63(63, 'a');
    EXPECT_EQ(normal(label63 + ".org"), label63 + ".org");
    struct Case {
        std::string text, reason;
    };
    const Case cases[] = {
        {"", "the name is empty"},
        {".", "the name is empty"},
        {"a..b", "a label is empty"},
        {".a.org", "a label is empty"},
        {"a.org..", "a label is empty"},
        {label63 + "a.org", "a label is longer than 63 octets"},
        {label63 + "." + label63 + "." + label63 + "." + label63, "the name is longer than 253 octets"},
        {std::string(2000, 'a'), "the name is longer than 253 octets"},
        {"-a.org", "a label begins or ends with a hyphen"},
        {"a-.org", "a label begins or ends with a hyphen"},
        {"a b.org", "the octet ' ' may not stand in a host name"},
        {"a/b.org", "the octet '/' may not stand in a host name"},
        {std::string("a\0b.org", 7), "the octet '\\x00' may not stand in a host name"},
        {"*.org", "the octet '*' may not stand in a host name"},
        {"192.0.2.7", "the last label is a number, so this is an IP address or a mistake, not a host name"},
        {"xn--a.org", "an A-label (xn--...) does not decode to a valid U-label"},
        {"xn--999999999999.org", "an A-label (xn--...) does not decode to a valid U-label"},
    };
    for (const auto& c : cases) EXPECT_EQ(normal(c.text), "refused: " + c.reason) << c.text;
    EXPECT_TRUE(normal("\xff\xfe.org").starts_with("refused: not a valid international name"));
}

TEST(Hostname, SuffixesCountLabelsFromTheTop) {
    const auto host = *Hostname::parse("a.b.example.org");
    EXPECT_EQ(host.label_count(), 4);
    EXPECT_EQ(host.suffix(1), "org");
    EXPECT_EQ(host.suffix(2), "example.org");
    EXPECT_EQ(host.suffix(4), "a.b.example.org");
    EXPECT_EQ(host.suffix(9), "a.b.example.org");
    EXPECT_EQ(host.suffix(0), "");
}

Hostname wire(const std::string& text) {
    return Hostname::from_wire({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

TEST(Hostname, OfAWireNameIsItsLongestUsableEnding) {
    EXPECT_EQ(wire(std::string("\3WwW\7eXample\3org\0", 17)).text(), "www.example.org");
    EXPECT_EQ(wire(std::string("\3a\x01z\7example\3org\0", 17)).text(), "example.org");
    EXPECT_EQ(wire(std::string("\1a\3b c\7example\3org\0", 19)).text(), "example.org");
    EXPECT_EQ(wire(std::string("\3a.b\7example\3org\0", 17)).text(), "example.org");
    EXPECT_EQ(wire(std::string("\7example\3o!g\0", 13)).text(), "");
    EXPECT_EQ(wire(std::string("\0", 1)).text(), "");
    EXPECT_TRUE(wire({}).empty());
}

}  // namespace
}  // namespace hort
