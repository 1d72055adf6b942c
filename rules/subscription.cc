#include "rules/subscription.h"

#include <nlohmann/json.hpp>

#include "rules/data/read_shipped.h"
#include "rules/data/shipped.h"

namespace hort {

Result<SubscriptionCatalogue> SubscriptionCatalogue::parse(std::string_view text) {
    using nlohmann::json;
    const auto parsed = json::parse(text, nullptr, false, true);
    if (!parsed.is_object() || !parsed.contains("subscriptions") || !parsed["subscriptions"].is_array())
        return Error{"not a catalogue of subscriptions", {}, "expected an object with an array \"subscriptions\""};
    SubscriptionCatalogue out;
    try {
        for (const auto& item : parsed["subscriptions"]) {
            const auto url = item.at("url").get<std::string>();
            const auto category = Taxonomy::shipped().find(item.at("category").get<std::string>());
            if (!category) return Error{category.error().text(), url, {}};
            const auto format = parse_list_format(item.at("format").get<std::string>());
            if (!format) return Error{format.error().text(), url, {}};
            if (!url.starts_with("https://")) return Error{"not an https address", url, {}};
            for (const auto& other : out.all_)
                if (other.url == url && other.category == *category)
                    return Error{"stands twice in its category", url, {}};
            out.all_.push_back({*category, item.at("title"), url, *format, item.at("licence"), item.at("default"),
                                item.value("why", "")});
        }
    } catch (const json::exception& fault) {
        return Error{
            "subscription " + std::to_string(out.all_.size() + 1) + " is not written as one", {}, fault.what()};
    }
    return out;
}

const SubscriptionCatalogue& SubscriptionCatalogue::shipped() {
    static const SubscriptionCatalogue catalogue =
        data::read_shipped("subscriptions.json", data::subscriptions_json, parse);
    return catalogue;
}

}  // namespace hort
