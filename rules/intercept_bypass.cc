#include "rules/intercept_bypass.h"

#include <nlohmann/json.hpp>

#include "rules/data/read_shipped.h"
#include "rules/data/shipped.h"
#include "rules/essential_allow.h"

namespace hort {

Result<InterceptBypass> InterceptBypass::parse(std::string_view text) {
    using nlohmann::json;
    const auto parsed = json::parse(text, nullptr, false, true);
    if (!parsed.is_object() || !parsed.contains("bypass") || !parsed["bypass"].is_array())
        return Error{"not a list of sites that are left alone", {}, "expected an object with an array \"bypass\""};
    InterceptBypass out;
    try {
        for (const auto& row : parsed["bypass"]) {
            const auto kind = row.at("kind").get<std::string>(), why = row.at("why").get<std::string>();
            for (const auto& name : row.at("hosts")) {
                const auto host = Hostname::parse(name.get<std::string>());
                if (!host) return host.error();
                out.rows_.at(*host) = why;
                if (kind == "money" || kind == "health") out.never_.emplace_back(host->text());
            }
        }
    } catch (const json::exception& fault) {
        return Error{"a row is not written as one", {}, fault.what()};
    }
    return out;
}

const InterceptBypass& InterceptBypass::shipped() {
    static const InterceptBypass all = [] {
        auto out = data::read_shipped("intercept_bypass.json", data::intercept_bypass_json, parse);
        ProtectedHelp::shipped().for_each([&](const Hostname& host) { out.never_.emplace_back(host.text()); });
        return out;
    }();
    return all;
}

std::string_view InterceptBypass::reason(const Hostname& host) const {
    const auto hit = rows_.longest_suffix(host);
    return hit.value == nullptr ? std::string_view() : std::string_view(*hit.value);
}

bool may_look_into(const Policy& policy, const Subject& subject, const Hostname& host, std::string* why_not) {
    const auto no = [&](std::string_view why) {
        if (why_not != nullptr) *why_not = why;
        return false;
    };
    if (!policy.looks_into_tls) return no("interception is off");
    if (!subject.profile->is_supervised) return no("who is not supervised is left alone");
    if (policy.help && policy.help->contains(host)) return no("protected help");
    if (const auto why = InterceptBypass::shipped().reason(host); !why.empty()) return no(why);
    if (policy.left_alone.longest_suffix(host).value != nullptr) return no("the owner's own exception");
    if (EssentialAllow::shipped().contains(host)) return no("health, advice, learning, or what a machine needs");
    if (const auto finance = Taxonomy::shipped().find("finance"))
        if (const auto set = CategorySet::of(*finance);
            !(policy.ruleset->lookup({host, 1, {}, {}}, set).categories & set).empty())
            return no("a list has it under banks and finance");
    return true;
}

}  // namespace hort
