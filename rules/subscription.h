// The catalogue of published lists that a household may subscribe to, category by category, each with its format and
// licence. The data: rules/data/subscriptions.json. Nothing is fetched here.
#pragma once

#include <string>
#include <vector>

#include "rules/category.h"
#include "rules/list_reader.h"

namespace hort {

struct Subscription {
    Category category = 0;
    std::string title, url;
    ListFormat format = ListFormat::domains;
    std::string licence;
    bool is_default = false;
    std::string why_not;  // what speaks against it, where it is no default
};

class SubscriptionCatalogue {
  public:
    // Reads the JSON of rules/data/subscriptions.json. The error names the entry and what was expected.
    static Result<SubscriptionCatalogue> parse(std::string_view json);
    static const SubscriptionCatalogue& shipped();

    const std::vector<Subscription>& all() const { return all_; }

  private:
    std::vector<Subscription> all_;
};

}  // namespace hort
