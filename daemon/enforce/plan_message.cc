#include "daemon/enforce/plan_message.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "platform/endpoint.h"
#include "platform/neighbours.h"
#include "rules/json_number.h"
#include "rules/network.h"

namespace hort::enforce {
namespace {

using nlohmann::json;
using By = FirewallPlan::Device::By;

constexpr std::size_t max_accounts = 65536, max_texts = 65536, max_text = 4096;

json message_of(const FirewallPlan::Hold& hold) {
    return {hold.is_closed, hold.is_quic_rejected, hold.is_vpn_rejected};
}
json message_of(const std::optional<FirewallPlan::Hold>& hold) { return hold ? message_of(*hold) : json(); }

FirewallPlan::Hold hold_of(const json& message) {
    return {message.at(0).get<bool>(), message.at(1).get<bool>(), message.at(2).get<bool>()};
}
std::optional<FirewallPlan::Hold> some_hold_of(const json& message) {
    return message.is_null() ? std::nullopt : std::optional(hold_of(message));
}

Result<std::vector<AccountRange>> accounts_of(const json& message) {
    std::vector<AccountRange> out;
    for (const auto& range : message) {
        const auto first = whole_number<std::uint32_t>(range.at(0)), last = whole_number<std::uint32_t>(range.at(1));
        if (first == 0 || last < first) return Error{"root is nobody's child", std::to_string(first), {}};
        out.emplace_back(first, last);
    }
    if (out.empty() || out.size() > max_accounts) return Error{"there are no accounts, or too many", {}, {}};
    return out;
}

std::optional<FirewallPlan::Device> device_of(const json& message) {
    FirewallPlan::Device out;
    const auto by = whole_number<int>(message.at("by"));
    const auto text = message.at("text").get<std::string>();
    out.hold = some_hold_of(message.at("hold"));
    if (by == static_cast<int>(By::hardware)) {
        const auto hardware = platform::parse_hardware_address(text);
        if (!hardware) return std::nullopt;
        out.text = platform::hardware_address_text(*hardware);
        return out;
    }
    const auto slash = std::min(text.find('/'), text.size());
    const auto address = platform::parse_address(text.substr(0, slash));
    if (!address) return std::nullopt;
    out.is_v4 = is_v4(*address);
    out.text = platform::address_text(*address);
    if (by == static_cast<int>(By::address)) {
        out.by = By::address;
        return slash == text.size() ? std::optional(out) : std::nullopt;
    }
    if (by != static_cast<int>(By::network)) return std::nullopt;
    out.by = By::network;
    const auto bits = text.substr(std::min(slash + 1, text.size()));
    if (bits.empty() || bits.size() > 3 || bits.find_first_not_of("0123456789") != std::string::npos ||
        std::stoi(bits) > (out.is_v4 ? 32 : 128))
        return std::nullopt;
    out.text += "/" + std::to_string(std::stoi(bits));
    return out;
}

Result<std::vector<std::string>> texts_of(const json& message) {
    auto out = message.get<std::vector<std::string>>();
    if (out.size() > max_texts || std::any_of(out.begin(), out.end(), [](const std::string& text) {
            return text.empty() || text.size() > max_text || text.find('\0') != std::string::npos;
        }))
        return Error{"these are no names", {}, {}};
    return out;
}

}  // namespace

json message_of(const FirewallPlan& plan) {
    json children = json::array(), devices = json::array();
    for (const auto& child : plan.children)
        children.push_back({{"hold", message_of(static_cast<const FirewallPlan::Hold&>(child))},
                            {"accounts", child.accounts},
                            {"dns_port", child.ports.dns},
                            {"web_port", child.ports.web}});
    for (const auto& device : plan.devices)
        devices.push_back(
            {{"by", static_cast<int>(device.by)}, {"text", device.text}, {"hold", message_of(device.hold)}});
    return {{"children", children},
            {"devices", devices},
            {"others", message_of(plan.others)},
            {"web_port", plan.web_port},
            {"house_dns_port", plan.gateway.dns_port}};
}

Result<FirewallPlan> firewall_plan_of(const json& message) {
    FirewallPlan out;
    for (const auto& child : message.at("children")) {
        auto accounts = accounts_of(child.at("accounts"));
        if (!accounts) return accounts.error();
        out.children.push_back(
            {hold_of(child.at("hold")),
             *std::move(accounts),
             {whole_number<std::uint16_t>(child.at("dns_port")), whole_number<std::uint16_t>(child.at("web_port"))}});
    }
    for (const auto& device : message.at("devices")) {
        auto known = device_of(device);
        if (!known) return Error{"this is no device", {}, {}};
        out.devices.push_back(*std::move(known));
    }
    if (out.children.size() > max_accounts || out.devices.size() > max_accounts)
        return Error{"there are too many of them", {}, {}};
    out.others = some_hold_of(message.at("others"));
    out.web_port = whole_number<std::uint16_t>(message.at("web_port"));
    out.gateway.dns_port = whole_number<std::uint16_t>(message.at("house_dns_port"));
    return out;
}

json message_of(const ProgramPlan& plan) {
    json accounts = json::array();
    for (const auto& account : plan.accounts)
        accounts.push_back({{"numbers", account.numbers}, {"blocked", account.blocked}});
    return {{"programs", plan.programs}, {"accounts", accounts}, {"folders", plan.folders}};
}

Result<ProgramPlan> program_plan_of(const json& message) {
    ProgramPlan out;
    const auto programs = texts_of(message.at("programs"));
    if (!programs) return programs.error();
    out.programs.insert(programs->begin(), programs->end());
    for (const auto& account : message.at("accounts")) {
        auto numbers = accounts_of(account.at("numbers"));
        if (!numbers) return numbers.error();
        const auto blocked = texts_of(account.at("blocked"));
        if (!blocked) return blocked.error();
        out.accounts.push_back({*std::move(numbers), {blocked->begin(), blocked->end()}});
    }
    auto folders = texts_of(message.at("folders"));
    if (!folders) return folders.error();
    out.folders = *std::move(folders);
    return out;
}

}  // namespace hort::enforce
