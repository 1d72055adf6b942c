#include "daemon/switches.h"

#include "rules/safe_request.h"

namespace hort {
namespace {

// The value of that name, among the first `count`.
template <typename Value>
bool take(Value& out, std::string_view name, int count) {
    for (int i = 0; i < count; ++i)
        if (name_of(static_cast<Value>(i)) == name) {
            out = static_cast<Value>(i);
            return true;
        }
    return false;
}

bool take(bool& out, std::string_view value, std::string_view yes, std::string_view no) {
    out = value == yes;
    return value == yes || value == no;
}

}  // namespace

bool put_switch(Profile& profile, std::string_view name, std::string_view value) {
    if (name == "blocked-answer") return take(profile.blocked_answer, value, 4);
    if (name == "restricted-mode") return take(profile.restricted_mode, value, 3);
    if (name == "quic") {
        profile.allows_quic = value == "allowed";
        return take(profile.hides_quic, value, "blocked", "allowed");
    }
    if (name == "safe-search") return take(profile.has_safe_search, value, "on", "off");
    if (name == "enforcement") return take(profile.is_watched_only, value, "watch-only", "on");
    if (name == "content-scan") return take(profile.scans_content, value, "on", "off");
    if (name == "google-domains") {
        const auto domains = parse_google_domains(value);
        if (domains) profile.google_domains = *domains;
        return static_cast<bool>(domains);
    }
    return false;
}

}  // namespace hort
