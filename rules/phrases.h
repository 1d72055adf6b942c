// Weighted phrases: what words of a page say of what it is about. Each phrase that occurs counts once, with its weight,
// for its category; what speaks against it (advice, schoolbooks) has a weight below zero. The data:
// rules/data/phrases.json.
//
// A page is blocked for a category that its reader has blocked when the sum reaches the limit of the reader's age.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rules/category.h"
#include "rules/result.h"

namespace hort {

using PhraseScores = std::vector<std::pair<Category, int>>;

class Phrases {
  public:
    // Reads the JSON of rules/data/phrases.json.
    static Result<Phrases> parse(std::string_view json);
    static const Phrases& shipped();

    // Of the text of a page, as people read it (html_text.h). Linear in the text.
    PhraseScores scores(std::string_view text) const;
    std::size_t size() const { return phrases_.size(); }
    CategorySet categories() const { return categories_; }

    static int limit(Tier tier);

  private:
    struct Phrase {
        std::vector<std::string> words;
        Category category;
        int weight;
    };
    std::vector<Phrase> phrases_;
    std::unordered_map<std::string, std::vector<std::uint32_t>> by_first_word_;
    CategorySet categories_;
};

}  // namespace hort
