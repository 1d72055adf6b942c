// The page that a blocked request gets, and the proxy's own error answers. Everything shown is escaped.
#pragma once

#include <string>

#include "rules/decision.h"

namespace hort::proxy {

// A whole response: 403, never stored. `is_head`: without its body.
std::string block_page(const Decision& decision, const Policy& policy, const Subject& who, const Hostname& host,
                       bool keeps_alive, bool is_head);
// A whole response that ends the connection.
std::string error_page(int status, std::string_view what);
std::string escape_html(std::string_view text);

}  // namespace hort::proxy
