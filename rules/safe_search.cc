#include "rules/safe_search.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "rules/data/read_shipped.h"
#include "rules/data/shipped.h"
#include "rules/request_target.h"

namespace hort {

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
        std::map<std::string, int> numbers;
        const auto engines = parsed.value("engines", json::array());
        for (const auto& item : engines) {
            Engine engine{item.at("engine").get<std::string>(), item.at("words").get<std::vector<std::string>>(), {}};
            const auto safe = item.value("safe", json::object());
            for (const auto& [name, value] : safe.items()) engine.safe.emplace_back(name, value.get<std::string>());
            const int number = numbers[engine.id] = static_cast<int>(out.engines_.size());
            out.engines_.push_back(std::move(engine));
            const auto hosts = item.value("hosts", json::array());
            for (const auto& name : hosts) {
                const auto host = Hostname::parse(name.get<std::string>());
                if (!host) return host.error();
                out.below_[std::string(host->text())] = number;
            }
        }
        for (const auto& item : parsed["rewrites"]) {
            const auto number = numbers.find(item.at("engine").get<std::string>());
            const auto target = item.at("target").get<std::string>();
            const auto level = item.value("level", "");
            for (const auto& name : item.at("hosts")) {
                const auto host = Hostname::parse(name.get<std::string>());
                if (!host) return host.error();
                auto& of = out.targets_[std::string(host->text())];
                (level.empty() ? of.engine : level == "strict" ? of.strict : of.moderate) = target;
                if (number != numbers.end()) of.number = number->second;
            }
        }
    } catch (const json::exception& fault) {
        return Error{"a rewrite is not written as one", {}, fault.what()};
    }
    return out;
}

const SafeSearch& SafeSearch::shipped() {
    static const SafeSearch all = data::read_shipped("safe_search.json", data::safe_search_json, parse);
    return all;
}

std::string_view SafeSearch::target(const Hostname& host, bool has_safe_search, RestrictedMode mode) const {
    const auto it = targets_.find(host.text());
    if (it == targets_.end()) return {};
    if (has_safe_search && !it->second.engine.empty()) return it->second.engine;
    return mode == RestrictedMode::strict     ? std::string_view(it->second.strict)
           : mode == RestrictedMode::moderate ? std::string_view(it->second.moderate)
                                              : std::string_view();
}

const SafeSearch::Engine* SafeSearch::engine(const Hostname& host) const {
    const auto exact = [&](std::string_view name) -> const Engine* {
        const auto it = targets_.find(name);
        return it == targets_.end() || it->second.number < 0 ? nullptr
                                                             : &engines_[static_cast<std::size_t>(it->second.number)];
    };
    if (const auto* found = exact(host.text())) return found;
    if (const auto* found = exact("www." + std::string(host.text()))) return found;
    for (int labels = host.label_count(); labels >= 2; --labels)
        if (const auto it = below_.find(host.suffix(labels)); it != below_.end())
            return &engines_[static_cast<std::size_t>(it->second)];
    return nullptr;
}

std::string SafeSearch::searched(const Hostname& host, std::string_view target) const {
    std::string out;
    const auto* of = target.find('?') == std::string_view::npos ? nullptr : engine(host);
    if (of == nullptr) return out;
    for (const auto& [name, value] : query_parameters(target)) {
        if (std::find(of->words.begin(), of->words.end(), percent_decoded(name)) == of->words.end()) continue;
        out += (out.empty() ? "" : " ") + percent_decoded(value, true);
    }
    return out;
}

std::string SafeSearch::safe_target(const Hostname& host, std::string_view target) const {
    const auto* of = target.find('?') == std::string_view::npos ? nullptr : engine(host);
    if (of == nullptr || of->safe.empty()) return {};
    const auto is_safe_name = [&](std::string_view written) {
        const auto name = percent_decoded(written);
        return std::any_of(of->safe.begin(), of->safe.end(), [&](const auto& one) { return one.first == name; });
    };
    bool is_search = false;
    std::string out(target.substr(0, target.find('?') + 1));
    for (const auto& [name, value] : query_parameters(target)) {
        is_search =
            is_search || std::find(of->words.begin(), of->words.end(), percent_decoded(name)) != of->words.end();
        if (is_safe_name(name)) continue;
        out += std::string(name);
        if (!value.empty() || value.data() != nullptr) out += "=" + std::string(value);
        out += "&";
    }
    if (!is_search) return {};
    for (const auto& [name, value] : of->safe) out += name + "=" + value + "&";
    out.pop_back();
    return out == target ? std::string() : out;
}

}  // namespace hort
