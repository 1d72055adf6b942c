#include "rules/essential_allow.h"

#include <nlohmann/json.hpp>

#include "rules/data/read_shipped.h"
#include "rules/data/shipped.h"

namespace hort {

Result<EssentialAllow> EssentialAllow::parse(std::string_view text) {
    const auto json = nlohmann::json::parse(text, nullptr, false, true);
    if (!json.is_object() || !json.contains("allow") || !json["allow"].is_array())
        return Error{"not an essential allow-list", {}, "expected an object with an array \"allow\""};
    EssentialAllow out;
    for (const auto& item : json["allow"]) {
        if (!item.is_object() || !item.contains("host") || !item["host"].is_string() || !item.contains("kind") ||
            !item["kind"].is_string())
            return Error{"an entry has no host or no kind", {}, {}};
        const auto host = Hostname::parse(item["host"].get<std::string>());
        if (!host) return host.error();
        if (host->label_count() < 2) return Error{"a single label is no site", std::string(host->text()), {}};
        out.hosts_.set(*host, item["kind"].get<std::string>());
    }
    return out;
}

bool EssentialAllow::is_for_machines(const Hostname& host) const {
    const auto* kind = hosts_.longest_suffix(host).value;
    return kind != nullptr &&
           (*kind == "updates" || *kind == "certificates" || *kind == "captive_portal" || *kind == "time");
}

const EssentialAllow& EssentialAllow::shipped() {
    static const EssentialAllow list = data::read_shipped("essential_allow.json", data::essential_allow_json, parse);
    return list;
}

}  // namespace hort
