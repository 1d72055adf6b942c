#include "rules/protected_help.h"

#include <nlohmann/json.hpp>

#include "rules/data/read_shipped.h"
#include "rules/data/shipped.h"

namespace hort {

Result<ProtectedHelp> ProtectedHelp::parse(std::string_view text) {
    const auto json = nlohmann::json::parse(text, nullptr, false, true);
    if (!json.is_object() || !json.contains("help") || !json["help"].is_array())
        return Error{"not a list of protected help", {}, "expected an object with an array \"help\""};
    ProtectedHelp out;
    for (const auto& item : json["help"]) {
        if (!item.is_object() || !item.contains("host") || !item["host"].is_string())
            return Error{"an entry has no host", {}, {}};
        const auto host = Hostname::parse(item["host"].get<std::string>());
        if (!host) return host.error();
        if (host->label_count() < 2) return Error{"a single label is no site", std::string(host->text()), {}};
        out.hosts_.set(*host, true);
        const auto text_of = [&](const char* key) {
            return item.contains(key) && item[key].is_string() ? item[key].get<std::string>() : std::string();
        };
        out.lines_.push_back({*host, text_of("country"), text_of("phone")});
    }
    if (out.lines_.empty()) return Error{"no protected help at all", {}, {}};
    return out;
}

const ProtectedHelp::Line& ProtectedHelp::of_country(std::string_view country) const {
    for (const auto& line : lines_)
        if (line.country == country) return line;
    for (const auto& line : lines_)
        if (line.host.text() == "findahelpline.com") return line;
    return lines_.front();
}

const ProtectedHelp& ProtectedHelp::shipped() {
    static const ProtectedHelp help = data::read_shipped("protected_help.json", data::protected_help_json, parse);
    return help;
}

}  // namespace hort
