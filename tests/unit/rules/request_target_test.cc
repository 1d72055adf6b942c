#include "rules/request_target.h"

#include <gtest/gtest.h>

namespace hort {
namespace {

std::string within(const char* host, std::string_view target) {
    std::string out;
    for (const auto& site : sites_within(*Hostname::parse(host), target))
        out += (out.empty() ? "" : " ") + std::string(site.text());
    return out;
}

TEST(RequestTarget, EscapesAreDecodedAndWhatIsNoneStays) {
    EXPECT_EQ(percent_decoded("a%20b%2Fc"), "a b/c");
    EXPECT_EQ(percent_decoded("100%"), "100%");
    EXPECT_EQ(percent_decoded("%zz%4"), "%zz%4");
    EXPECT_EQ(percent_decoded("a+b"), "a+b");
    EXPECT_EQ(percent_decoded("a+b", true), "a b");
}

TEST(RequestTarget, ExtensionsAreThoseOfTheLastSegment) {
    EXPECT_EQ(file_extension("/a/setup.EXE"), "exe");
    EXPECT_EQ(file_extension("/a/setup.exe?x=.txt"), "exe");
    EXPECT_EQ(file_extension("/a/setup%2Eexe"), "exe");
    EXPECT_EQ(file_extension("/a/setup.exe;v=1"), "exe");
    EXPECT_EQ(file_extension("setup.exe. "), "exe") << "Windows drops what follows";
    EXPECT_EQ(file_extension("C:\\x.y\\setup"), "");
    EXPECT_EQ(file_extension("/a.b/c"), "");
    EXPECT_EQ(file_extension("/"), "");
    EXPECT_EQ(file_extension(""), "");
}

TEST(RequestTarget, AUrlWithinAUrlIsFoundHoweverItIsWritten) {
    EXPECT_EQ(within("web.example", "/browse?u=http://casino.test/play"), "casino.test");
    EXPECT_EQ(within("web.example", "/browse?u=HTTPS%3A%2F%2Fwww.casino.test%2Fplay"), "www.casino.test");
    EXPECT_EQ(within("web.example", "/browse?u=https%253A%252F%252Fcasino.test"), "casino.test");
    EXPECT_EQ(within("web.example", "/https://casino.test:8443/a"), "casino.test");
    EXPECT_EQ(within("web.example", "/web/2020/http:/casino.test/a"), "casino.test");
    EXPECT_EQ(within("web.example", "/b?u=http:\\\\casino.test\\a"), "casino.test");
    EXPECT_EQ(within("web.example", "/b?u=http://good.test@casino.test/"), "casino.test");
    EXPECT_EQ(within("web.example", "/b.php?u=aHR0cHM6Ly9jYXNpbm8udGVzdC8&b=4"), "casino.test");
    EXPECT_EQ(within("web.example", "/b?one=http://a.test/&two=http://b.test/&one=http://a.test/"), "a.test b.test");
    EXPECT_EQ(within("web.example", "/casino.test/"), "") << "a word with a dot is no site";
    EXPECT_EQ(within("web.example", "/?next=https://www.web.example/a"), "") << "its own";
    EXPECT_EQ(within("web.example", "/?q=http and https: what is it"), "");
}

TEST(RequestTarget, TranslatorsCachesAndArchivesAreToldANameWithoutAScheme) {
    EXPECT_EQ(within("translate.google.com", "/translate?sl=en&tl=de&u=casino.test/play"), "casino.test");
    EXPECT_EQ(within("webcache.googleusercontent.com", "/search?q=cache:casino.test"), "casino.test");
    EXPECT_EQ(within("web.archive.org", "/web/2020/casino.test"), "casino.test");
    EXPECT_EQ(within("archive.ph", "/casino.test"), "casino.test");
}

TEST(RequestTarget, ASiteWithinANameIsFound) {
    const auto in = [](const char* host) { return std::string(site_within(*Hostname::parse(host)).text()); };
    EXPECT_EQ(in("casino-test.translate.goog"), "casino.test");
    EXPECT_EQ(in("my--casino-test.translate.goog"), "my-casino.test");
    EXPECT_EQ(in("www-casino-test.cdn.ampproject.org"), "www.casino.test");
    EXPECT_EQ(in("translate.goog"), "");
    EXPECT_EQ(in("casino.test"), "");
    EXPECT_EQ(within("casino-test.translate.goog", "/?_x_tr_sl=en"), "casino.test");
}

TEST(RequestTarget, ManyUrlsAndParametersAreBounded) {
    std::string target = "/?";
    for (int i = 0; i < 1000; ++i) target += "a=http://host" + std::to_string(i) + ".test/&";
    EXPECT_EQ(sites_within(*Hostname::parse("web.example"), target).size(), 8u);
    EXPECT_EQ(query_parameters(target).size(), 256u);
}

}  // namespace
}  // namespace hort
