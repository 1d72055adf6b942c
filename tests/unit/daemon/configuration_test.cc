#include "daemon/configuration.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ctl/commands.h"
#include "daemon/control/handlers.h"

namespace hort {
namespace {

TEST(Configuration, ANumberOutOfRangeIsRefusedLikeAnyOtherMistake) {
    Configuration c;
    const auto refused = apply_config_text(c, R"({"dns": 1e999})", "hort.json");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "hort.json");
}

TEST(Configuration, AFileThatIsWrongChangesNothing) {
    Configuration c;
    c.dns.listen = {*platform::parse_endpoint("127.0.0.1:5300")};
    const auto before = c.dns.listen;
    EXPECT_FALSE(apply_config_text(c, R"({"dns": "127.0.0.1:1", "upstreams": []})", "f"));
    EXPECT_EQ(c.dns.listen, before);
    EXPECT_TRUE(apply_config_text(c, R"({"dns": "127.0.0.1:1", "upstreams": ["[::1]:53"]} // end)", "f"));
    EXPECT_EQ(c.dns.listen.front().port, 1);
}

TEST(Configuration, TheMachinesResolverIsTheFirstThatIsNotOurselves) {
    const auto own = *platform::parse_endpoint("127.0.0.1:53");
    const auto found =
        upstream_of_resolv_conf("# x\nsearch a\nnameserver 127.0.0.1\nnameserver nonsense\nnameserver ::1\n", {own});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->text(), "[::1]:53");
    EXPECT_FALSE(upstream_of_resolv_conf("", {own}));
}

TEST(Handlers, EveryCommandOfTheTableHasOne) {
    for (const auto& command : ctl::all_commands())
        EXPECT_EQ(control::find_handler(command.method()) == nullptr, command.is_local) << command.name;
    EXPECT_EQ(control::find_handler("nothing"), nullptr);
}

}  // namespace
}  // namespace hort
