// The rule book as it stands in a ruleset image: the rules in their order. See RULESET_FORMAT.md.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "rules/category.h"
#include "rules/list_rule.h"
#include "rules/result.h"

namespace hort {

struct StoredBook {
    struct List {
        bool longest_decides = false;
        std::optional<Category> category;  // empty: its rules count for every category
    };
    struct Rule {
        std::uint32_t list = 0, line = 0;
        ListRule rule;
    };
    std::vector<List> lists;
    std::vector<Rule> rules;
};

std::vector<std::byte> write_book_format(const StoredBook& book);
// Any bytes: an error says that they are no book.
Result<StoredBook> read_book_format(std::span<const std::byte> bytes);

}  // namespace hort
