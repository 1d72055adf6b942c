// Octets as a question of a worker that was taken over: no crash, and no command of the firewall but those that are
// made of numbers and addresses.
#include "platform/monitor.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "daemon/enforce/plan_message.h"

namespace {

using nlohmann::json;
using namespace hort;

Result<json> hold(const json& about, int&) {
    auto plan = enforce::firewall_plan_of(about);
    if (!plan) return plan.error();
    for (const auto& child : plan->children)
        for (const auto& [first, last] : child.accounts)
            if (first == 0 || last < first) std::abort();
    for (const auto& device : plan->devices)
        if (device.text.empty() || device.text.find_first_not_of("0123456789abcdef.:/") != std::string::npos)
            std::abort();
    plan->gateway.interfaces = {"lan0"};
    if (enforce::commands_of(*plan).empty()) std::abort();
    return enforce::message_of(*plan);
}

Result<json> programs(const json& about, int&) {
    const auto plan = enforce::program_plan_of(about);
    if (!plan) return plan.error();
    if (!plan->may_start(0, {plan->programs.begin(), plan->programs.end()})) std::abort();
    return enforce::message_of(*plan);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static auto* const desk = [] {
        auto* out = new platform::MonitorDesk;
        out->answer("h", hold);
        out->answer("p", programs);
        return out;
    }();
    int descriptor = -1;
    if (desk->reply(data, size, descriptor).size() < 4 || descriptor != -1) std::abort();
    return 0;
}
