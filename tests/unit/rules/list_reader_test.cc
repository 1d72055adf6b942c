#include "rules/list_reader.h"

#include <gtest/gtest.h>

namespace hort {
namespace {

struct Read {
    std::vector<std::string> entries;
    ListReport report;
};

Read read(std::string_view content, ListFormat format) {
    Read out;
    out.report =
        read_list(content, format, {.name = [&](const ListEntry& entry) {
                      out.entries.push_back(std::to_string(entry.line) + (entry.scope == Scope::exact ? " =" : " *.") +
                                            std::string(entry.host.text()));
                  }});
    return out;
}
using Lines = std::vector<std::string>;

TEST(ListReader, HostsEntriesAreExactAndMayNameSeveralOnALine) {
    const auto r = read("# comment\n127.0.0.1 localhost\n0.0.0.0 a.org b.org # both\n\n:: c.org\n::1 ip6-localhost\n",
                        ListFormat::hosts);
    EXPECT_EQ(r.entries, (Lines{"3 =a.org", "3 =b.org", "5 =c.org"}));
    EXPECT_EQ(r.report.refused, 0u);
}

TEST(ListReader, PlainDomainsCoverTheNameAndAllBelow) {
    const auto r = read("a.org\n  B.org.  \n# x\nwww.c.org\n", ListFormat::domains);
    EXPECT_EQ(r.entries, (Lines{"1 *.a.org", "2 *.b.org", "4 *.www.c.org"}));
}

TEST(ListReader, GarbageIsReportedByLineAndTheGoodLinesLoad) {
    std::string content = "\xef\xbb\xbfgood1.org\r\n";
    content += std::string("bad\0nul.org\n", 12) + std::string(10 << 20, 'x') + "\n" + "\x01\x02\xff\n" +
               "two words\n" + "192.0.2.1\ncom\n" + "good2.org";
    const auto r = read(content, ListFormat::domains);
    EXPECT_EQ(r.entries, (Lines{"1 *.good1.org", "8 *.good2.org"}));
    EXPECT_EQ(r.report.skipped, 1u) << "an address is no name, and squidGuard's lists may hold some";
    EXPECT_EQ(r.report.refused, 5u);
    ASSERT_EQ(r.report.problems.size(), 5u);
    EXPECT_EQ(r.report.problems[0], "2: the line holds a NUL octet");
    EXPECT_EQ(r.report.problems[1], "3: the line is longer than 4096 octets");
    EXPECT_TRUE(r.report.problems[2].starts_with("4: "));
    EXPECT_EQ(r.report.problems[3], "5: more than one word: 'two words'");
    EXPECT_EQ(r.report.problems[4], "7: com: a single label would cover a whole top-level domain");
}

TEST(ListReader, AHostsLineWithOneBadNameKeepsTheOthers) {
    const auto r = read("0.0.0.0 a.org -bad.org c.org\nno-address.org\n0.0.0.0\n", ListFormat::hosts);
    EXPECT_EQ(r.entries, (Lines{"1 =a.org", "1 =c.org"}));
    EXPECT_EQ(r.report.refused, 3u);
}

TEST(ListReader, DetectsTheFormatFromTheContent) {
    EXPECT_EQ(detect_list_format("# h\n\n0.0.0.0 a.org\n127.0.0.1\tb.org\n"), ListFormat::hosts);
    EXPECT_EQ(detect_list_format("a.org\nb.org\n10.0.0.1\n"), ListFormat::domains);
    EXPECT_EQ(detect_list_format(""), ListFormat::domains);
}

TEST(ListReader, ALineEndWithoutLineFeedIsTheLastLine) {
    EXPECT_EQ(read("a.org", ListFormat::domains).entries, Lines{"1 *.a.org"});
    EXPECT_TRUE(read("", ListFormat::domains).entries.empty());
    EXPECT_TRUE(read("\n\n\n", ListFormat::domains).entries.empty());
}

}  // namespace
}  // namespace hort
