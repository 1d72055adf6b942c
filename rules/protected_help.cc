#include "rules/protected_help.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

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
    }
    return out;
}

const ProtectedHelp& ProtectedHelp::shipped() {
    static const ProtectedHelp help = [] {
        auto parsed = parse(data::protected_help_json);
        if (!parsed) throw std::logic_error("rules/data/protected_help.json: " + parsed.error().text());
        return *std::move(parsed);
    }();
    return help;
}

}  // namespace hort
