#include "rules/phrases.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "rules/data/read_shipped.h"
#include "rules/data/shipped.h"
#include "rules/fold_text.h"
#include "rules/json_number.h"

namespace hort {

Result<Phrases> Phrases::parse(std::string_view text) {
    using nlohmann::json;
    const auto parsed = json::parse(text, nullptr, false, true);
    if (!parsed.is_object() || !parsed.contains("phrases") || !parsed["phrases"].is_array())
        return Error{"not a list of phrases", {}, "expected an object with an array \"phrases\""};
    Phrases out;
    try {
        for (const auto& group : parsed["phrases"]) {
            const auto category = Taxonomy::shipped().find(group.at("category").get<std::string>());
            if (!category) return category.error();
            const int weight = whole_number<int>(group.at("weight"));
            for (const auto& item : group.at("words")) {
                const auto phrase = folded(item.get<std::string>());
                Phrase one{{}, *category, weight};
                for (const auto word : words_of(phrase)) one.words.emplace_back(word);
                if (one.words.empty()) return Error{"a phrase without words", item.get<std::string>(), {}};
                out.by_first_word_[one.words.front()].push_back(static_cast<std::uint32_t>(out.phrases_.size()));
                out.phrases_.push_back(std::move(one));
            }
            out.categories_ = out.categories_ | CategorySet::of(*category);
        }
    } catch (const json::exception& fault) {
        return Error{"a group of phrases is not written as one", {}, fault.what()};
    }
    return out;
}

const Phrases& Phrases::shipped() {
    static const Phrases all = data::read_shipped("phrases.json", data::phrases_json, parse);
    return all;
}

PhraseScores Phrases::scores(std::string_view text) const {
    const auto all = folded(text);
    const auto words = words_of(all);
    std::vector<bool> is_found(phrases_.size());
    std::string word;
    for (std::size_t i = 0; i < words.size(); ++i) {
        word.assign(words[i]);
        const auto begins = by_first_word_.find(word);
        if (begins == by_first_word_.end()) continue;
        for (const auto index : begins->second) {
            const auto& phrase = phrases_[index].words;
            if (is_found[index] || i + phrase.size() > words.size()) continue;
            is_found[index] = std::equal(phrase.begin(), phrase.end(), words.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
    std::map<Category, int> sums;
    for (std::size_t i = 0; i < phrases_.size(); ++i)
        if (is_found[i]) sums[phrases_[i].category] += phrases_[i].weight;
    return {sums.begin(), sums.end()};
}

int Phrases::limit(Tier tier) {
    switch (tier) {
        case Tier::age_0_6:
        case Tier::age_7_11:
            return 60;
        case Tier::age_12_15:
            return 100;
        default:
            return 160;
    }
}

}  // namespace hort
