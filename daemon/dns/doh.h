// DNS over HTTPS (RFC 8484): what a request asks. Passive.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/device.h"
#include "daemon/dns/message.h"

namespace hort::dns {

struct DohRequest {
    int status = 400;  // 200, or why it is refused (RFC 9110 section 15.5)
    std::vector<std::uint8_t> query;
    std::string client_id;  // of /dns-query/ID, in lower case
};

// `target` as in the request line: /dns-query, /dns-query/ID, with ?dns=BASE64URL for GET. `body` of a POST.
DohRequest read_doh_request(std::string_view method, std::string_view target, std::string_view content_type,
                            std::span<const std::uint8_t> body);

// The id in a server name (SNI) "ID.NAME" for the server that is called NAME.
std::string client_id_of_server_name(std::string_view server_name, std::string_view name);

// For how long an answer may be kept by HTTP caches: its lowest TTL (section 5.1).
std::uint32_t lowest_ttl(std::span<const std::uint8_t> answer);

}  // namespace hort::dns
