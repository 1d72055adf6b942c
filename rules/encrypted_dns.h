// Addresses at which others offer encrypted DNS: ways round the filter that need no name. The data with its sources:
// rules/data/encrypted_dns.json.
#pragma once

#include <string>
#include <vector>

#include "rules/result.h"

namespace hort {

struct EncryptedDns {
    std::vector<std::string> v4, v6;  // in their usual form

    // Reads the JSON of rules/data/encrypted_dns.json.
    static Result<EncryptedDns> parse(std::string_view json);
    static const EncryptedDns& shipped();
};

}  // namespace hort
