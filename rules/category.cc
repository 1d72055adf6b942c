#include "rules/category.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "rules/data/read_shipped.h"
#include "rules/data/shipped.h"
#include "rules/nearest.h"

namespace hort {
namespace {
constexpr std::string_view tier_names[] = {"0-6", "7-11", "12-15", "16-17", "adult"};
}

Tier tier_of_age(int years) {
    if (years <= 6) return Tier::age_0_6;
    if (years <= 11) return Tier::age_7_11;
    if (years <= 15) return Tier::age_12_15;
    return years <= 17 ? Tier::age_16_17 : Tier::adult;
}

std::string_view name_of(Tier tier) { return tier_names[static_cast<std::size_t>(tier)]; }

Result<Tier> parse_tier(std::string_view name) {
    for (std::size_t i = 0; i < std::size(tier_names); ++i)
        if (tier_names[i] == name) return static_cast<Tier>(i);
    return Error{"not an age tier", std::string(name), "expected 0-6, 7-11, 12-15, 16-17 or adult"};
}

Result<Taxonomy> Taxonomy::parse(std::string_view text) {
    const auto json = nlohmann::json::parse(text, nullptr, false, true);
    if (!json.is_object() || !json.contains("categories") || !json["categories"].is_array())
        return Error{"not a taxonomy", {}, "expected an object with an array \"categories\""};
    Taxonomy out;
    for (const auto& item : json["categories"]) {
        const auto text_of = [&](const char* key) {
            return item.is_object() && item.contains(key) && item[key].is_string() ? item[key].get<std::string>()
                                                                                   : std::string();
        };
        const auto both = [&](const char* key) -> Text {
            if (!item.is_object() || !item.contains(key) || !item[key].is_object()) return {};
            return {item[key].value("en", ""), item[key].value("de", "")};
        };
        Entry entry{text_of("id"), both("title"), both("description"), false, false, {}};
        const std::string where = "category " + std::to_string(out.entries_.size() + 1) + " '" + entry.id + "'";
        if (entry.id.empty() || entry.title.en.empty() || entry.title.de.empty())
            return Error{"id or title is missing", where, {}};
        if (out.entries_.size() == 64) return Error{"more than 64 categories", where, {}};
        if (out.find(entry.id)) return Error{"stands twice", where, {}};
        for (const auto& alias : item.value("aliases", nlohmann::json::array())) {
            if (!alias.is_string()) return Error{"an alias is no string", where, {}};
            entry.aliases.push_back(alias.get<std::string>());
            if (out.find(entry.aliases.back())) return Error{"the alias stands twice", where, {}};
        }
        const auto self = CategorySet::of(static_cast<Category>(out.entries_.size()));
        entry.is_bypass = item.value("bypass", false);
        entry.is_about_platforms = item.value("platforms", false);
        if (item.value("allow_list", false)) out.allow_list_ = out.allow_list_ | self;
        if (entry.is_bypass) out.bypass_ = out.bypass_ | self;
        for (const auto& tier_name : item.value("blocked_for", nlohmann::json::array())) {
            const auto tier = tier_name.is_string() ? parse_tier(tier_name.get<std::string>())
                                                    : Result<Tier>(Error{"not a string", {}, {}});
            if (!tier) return Error{tier.error().what, where, tier.error().hint};
            auto& set = out.blocked_[static_cast<std::size_t>(*tier)];
            set = set | self;
        }
        out.entries_.push_back(std::move(entry));
    }
    return out;
}

const Taxonomy& Taxonomy::shipped() {
    static const Taxonomy taxonomy = data::read_shipped("categories.json", data::categories_json, parse);
    return taxonomy;
}

Result<Category> Taxonomy::find(std::string_view id) const {
    std::vector<std::string_view> words;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const auto& entry = entries_[i];
        if (entry.id == id || std::find(entry.aliases.begin(), entry.aliases.end(), id) != entry.aliases.end())
            return static_cast<Category>(i);
        words.push_back(entry.id);
        words.insert(words.end(), entry.aliases.begin(), entry.aliases.end());
    }
    const auto near = nearest(id, words);
    return Error{"no such category", std::string(id),
                 near.empty() ? "'hortctl lists' shows the categories" : "did you mean '" + std::string(near) + "'?"};
}

}  // namespace hort
