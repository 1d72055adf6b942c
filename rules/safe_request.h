// What a request of a supervised person is changed to, where the whole of it is visible.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/profile.h"

namespace hort {

struct SafeRequest {
    std::string target;  // the request target that goes upstream; empty: as it is
    struct Field {
        std::string_view name;
        std::string value;
        bool is_replacing = true;  // what the client says under that name does not go on
    };
    std::vector<Field> fields;
};

// Safe search by the engine's own parameters; "Prefer: safe" (RFC 8674); "YouTube-Restrict" (support.google.com/a,
// "Manage your organization's YouTube settings"); "X-GoogApps-Allowed-Domains" (support.google.com/a, "Block access to
// consumer accounts").
SafeRequest safe_request(const Profile& profile, const Hostname& host, std::string_view target);

// "example.org, school.example" as the header has it. Fails with what is no domain.
Result<std::string> parse_google_domains(std::string_view text);

}  // namespace hort
