#include "daemon/enforce/plan_message.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "platform/monitor.h"

namespace hort::enforce {
namespace {

using nlohmann::json;
using By = FirewallPlan::Device::By;

FirewallPlan a_plan() {
    FirewallPlan out;
    FirewallPlan::Child child{{true, true, false}, {{1001, 1001}, {100000, 165535}}, {40001, 40002}};
    out.children.push_back(child);
    out.devices = {{By::hardware, true, "02:00:5e:10:00:01", FirewallPlan::Hold{}},
                   {By::address, true, "192.168.1.7", std::nullopt},
                   {By::network, false, "2001:db8::/64", FirewallPlan::Hold{false, true, true}}};
    out.others = FirewallPlan::Hold{};
    out.web_port = 3181;
    out.gateway.dns_port = 53;
    return out;
}

// As it arrives.
json sent(const json& message) { return json::from_cbor(json::to_cbor(message)); }

TEST(PlanMessage, APlanArrivesAsItWasSent) {
    const auto plan = a_plan();
    const auto got = firewall_plan_of(sent(message_of(plan)));
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_TRUE(got->is_same(plan));
    ProgramPlan programs;
    programs.programs = {"game", "/opt/game/game"};
    programs.accounts = {{{{1001, 1001}, {100000, 165535}}, {"game"}}};
    programs.folders = {"/usr/bin", "/home/mia/\xff"};
    const auto got_programs = program_plan_of(sent(message_of(programs)));
    ASSERT_TRUE(got_programs) << got_programs.error().text();
    EXPECT_TRUE(got_programs->is_same(programs));
}

TEST(PlanMessage, RootIsNeverHeld) {
    for (const auto& accounts :
         {json::array({{0, 0}}), json::array({{0, 65535}}), json::array({{7, 3}}), json::array()}) {
        auto plan = message_of(a_plan());
        plan["children"][0]["accounts"] = accounts;
        EXPECT_FALSE(firewall_plan_of(sent(plan))) << accounts;
        EXPECT_FALSE(program_plan_of(sent({{"programs", {"game"}},
                                           {"folders", json::array()},
                                           {"accounts", {{{"numbers", accounts}, {"blocked", {"game"}}}}}})))
            << accounts;
    }
}

TEST(PlanMessage, NothingButAddressesComesIntoCommands) {
    for (const char* text : {"", "192.0.2.1 accept; flush ruleset", "192.0.2.1/33", "192.0.2.1/ 8", "192.0.2.1/-1",
                             "::/129", "02:00:5e:10:00:01 accept", "all", "192.0.2.1\n}"})
        for (const auto by : {0, 1, 2, 3, -1}) {
            auto plan = message_of(a_plan());
            plan["devices"][0]["text"] = text;
            plan["devices"][0]["by"] = by;
            EXPECT_FALSE(firewall_plan_of(sent(plan))) << by << " " << text;
        }
}

TEST(PlanMessage, NumbersThatDoNotFitAreNone) {
    for (const auto& number :
         {json(65536), json(-1), json(1.5), json("53"), json(4294967296), json(-6.5e35), json(1e300)}) {
        auto plan = message_of(a_plan());
        plan["web_port"] = number;
        EXPECT_THROW((void)firewall_plan_of(sent(plan)), json::exception) << number;
    }
}

// What a worker sends that was taken over.
TEST(MonitorDesk, WhatIsNoQuestionIsAnsweredByAnError) {
    platform::MonitorDesk desk;
    int asked = 0;
    desk.answer("known", [&](const json& about, int&) -> Result<json> {
        ++asked;
        return json(about.at("number").get<int>() + 1);
    });
    const auto answer = [&](const std::vector<std::uint8_t>& question) {
        int descriptor = -1;
        const auto out = desk.reply(question.data(), question.size(), descriptor);
        return json::from_cbor(std::vector<std::uint8_t>(out.begin() + 4, out.end()));
    };
    EXPECT_EQ(answer(json::to_cbor({{"what", "known"}, {"about", {{"number", 41}}}})).at("answer"), 42);
    for (const auto& question :
         {json::to_cbor({{"what", "other"}, {"about", 1}}), json::to_cbor({{"what", "known"}, {"about", 1}}),
          json::to_cbor({{"what", "known"}, {"about", {{"number", "x"}}}}), json::to_cbor({{"what", 1}}),
          json::to_cbor(7), std::vector<std::uint8_t>{}, std::vector<std::uint8_t>{0xff},
          std::vector<std::uint8_t>(3 << 20, 0x81),
          std::vector<std::uint8_t>{0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}})
        EXPECT_TRUE(answer(question).contains("error"));
    EXPECT_EQ(asked, 3) << "what is no question of its kind is found by who answers";
}

}  // namespace
}  // namespace hort::enforce
