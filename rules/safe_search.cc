#include "rules/safe_search.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "rules/data/shipped.h"

namespace hort {

std::string_view SafeSearch::look_up(const Targets& targets, const Hostname& host) {
    const auto it = targets.find(host.text());
    return it == targets.end() ? std::string_view() : std::string_view(it->second);
}

std::string_view name_of(RestrictedMode mode) {
    constexpr std::string_view names[] = {"off", "moderate", "strict"};
    return names[static_cast<std::size_t>(mode)];
}

Result<SafeSearch> SafeSearch::parse(std::string_view text) {
    using nlohmann::json;
    const auto parsed = json::parse(text, nullptr, false, true);
    if (!parsed.is_object() || !parsed.contains("rewrites") || !parsed["rewrites"].is_array())
        return Error{"not a list of safe-search names", {}, "expected an object with an array \"rewrites\""};
    SafeSearch out;
    try {
        for (const auto& item : parsed["rewrites"]) {
            const auto target = item.at("target").get<std::string>();
            const auto level = item.value("level", "");
            auto& map = level.empty() ? out.engines_ : level == "strict" ? out.strict_ : out.moderate_;
            for (const auto& name : item.at("hosts")) {
                const auto host = Hostname::parse(name.get<std::string>());
                if (!host) return host.error();
                map[std::string(host->text())] = target;
            }
        }
    } catch (const json::exception& fault) {
        return Error{"a rewrite is not written as one", {}, fault.what()};
    }
    return out;
}

const SafeSearch& SafeSearch::shipped() {
    static const SafeSearch all = [] {
        auto parsed = parse(data::safe_search_json);
        if (!parsed) throw std::logic_error("rules/data/safe_search.json: " + parsed.error().text());
        return *std::move(parsed);
    }();
    return all;
}

std::string_view SafeSearch::engine_target(const Hostname& host) const { return look_up(engines_, host); }

std::string_view SafeSearch::restricted_target(const Hostname& host, RestrictedMode mode) const {
    if (mode == RestrictedMode::off) return {};
    return look_up(mode == RestrictedMode::strict ? strict_ : moderate_, host);
}

}  // namespace hort
