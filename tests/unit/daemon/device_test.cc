#include "daemon/device.h"

#include <gtest/gtest.h>

#include "daemon/local_record.h"
#include "daemon/switches.h"

namespace hort {
namespace {

TEST(Device, IsWhatItsTextSays) {
    using Kind = Device::Kind;
    const std::tuple<const char*, Kind, const char*> table[] = {
        {"192.168.1.20", Kind::address, "192.168.1.20"},    {"FD00::0:20", Kind::address, "fd00::20"},
        {"192.168.1.20/32", Kind::address, "192.168.1.20"}, {"10.7.0.0/16", Kind::network, "10.7.0.0/16"},
        {"fd00:7::/64", Kind::network, "fd00:7::/64"},      {"02-00-5E-10-00-01", Kind::hardware, "02:00:5e:10:00:01"},
        {"Mia-Phone", Kind::client_id, "mia-phone"},        {"tablet7", Kind::client_id, "tablet7"},
    };
    for (const auto& [text, kind, form] : table) {
        const auto device = Device::parse(text);
        ASSERT_TRUE(device) << text;
        EXPECT_EQ(device->kind, kind) << text;
        EXPECT_EQ(device->text, form) << text;
        EXPECT_EQ(Device::parse(device->text)->text, form) << "the one form is its own";
    }
    for (const char* bad : {"", "10.7.1.0/16", "1.2.3", "192168", "mia phone", "mia_phone", "02:00:5e:10:00", "::1::"})
        EXPECT_FALSE(Device::parse(bad)) << bad;
}

TEST(LocalRecord, HasOneForm) {
    const auto record = LocalRecord::parse("NAS.Home.", "a", "192.168.1.5");
    ASSERT_TRUE(record);
    EXPECT_EQ(record->name + " " + record->type + " " + record->value, "nas.home A 192.168.1.5");
    EXPECT_EQ(LocalRecord::parse("192.168.1.5", "PTR", "NAS.home")->name, "5.1.168.192.in-addr.arpa");
    EXPECT_EQ(LocalRecord::parse("*.Lab.home", "CNAME", "nas.home")->name, "*.lab.home");
    EXPECT_FALSE(LocalRecord::parse("nas.home", "A", "fd00::5"));
    EXPECT_FALSE(LocalRecord::parse("nas.home", "AAAA", "192.168.1.5"));
    EXPECT_FALSE(LocalRecord::parse("nas.home", "A", "192.168.1.5/32"));
    EXPECT_FALSE(LocalRecord::parse("nas.home", "MX", "mail.home"));
    EXPECT_FALSE(LocalRecord::parse("*.home", "PTR", "nas.home"));
    EXPECT_FALSE(LocalRecord::parse("nas.home", "TXT", std::string(2001, 'x')));
}

TEST(Switches, ChangeTheProfile) {
    Profile profile;
    EXPECT_TRUE(put_switch(profile, "blocked-answer", "nxdomain"));
    EXPECT_EQ(profile.blocked_answer, BlockedAnswer::nxdomain);
    EXPECT_TRUE(put_switch(profile, "restricted-mode", "strict"));
    EXPECT_EQ(profile.restricted_mode, RestrictedMode::strict);
    EXPECT_TRUE(put_switch(profile, "safe-search", "on"));
    EXPECT_TRUE(profile.has_safe_search);
    EXPECT_TRUE(put_switch(profile, "quic", "blocked"));
    EXPECT_TRUE(profile.hides_quic);
    EXPECT_FALSE(put_switch(profile, "quic", "strict"));
    EXPECT_FALSE(put_switch(profile, "colour", "on"));
}

}  // namespace
}  // namespace hort
