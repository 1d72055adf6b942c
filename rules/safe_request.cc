#include "rules/safe_request.h"

#include <algorithm>
#include <array>

namespace hort {
namespace {

bool is_youtube(const Hostname& host) {
    constexpr std::array<std::string_view, 4> names = {"youtube.com", "youtube-nocookie.com", "youtubei.googleapis.com",
                                                       "youtube.googleapis.com"};
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return host.is_or_is_below(name); });
}

}  // namespace

Result<std::string> parse_google_domains(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        auto one = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), one.size() + 1));
        while (one.starts_with(' ')) one.remove_prefix(1);
        while (one.ends_with(' ')) one.remove_suffix(1);
        const auto host = Hostname::parse(one);
        if (!host || host->label_count() < 2)
            return Error{"\"" + std::string(one) + "\" is no domain", {}, "expected one such as school.example"};
        out += (out.empty() ? "" : ",") + std::string(host->text());
    }
    return out;
}

SafeRequest safe_request(const Profile& profile, const Hostname& host, std::string_view target) {
    SafeRequest out;
    if (!profile.is_supervised) return out;
    if (profile.has_safe_search) {
        out.target = SafeSearch::shipped().safe_target(host, target);
        out.fields.push_back({"Prefer", "safe", false});
    }
    if (profile.restricted_mode != RestrictedMode::off && is_youtube(host))
        out.fields.push_back(
            {"YouTube-Restrict", profile.restricted_mode == RestrictedMode::strict ? "Strict" : "Moderate"});
    if (!profile.google_domains.empty() && host.is_or_is_below("google.com"))
        out.fields.push_back({"X-GoogApps-Allowed-Domains", profile.google_domains});
    return out;
}

}  // namespace hort
