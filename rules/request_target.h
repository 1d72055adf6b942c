// A request target in origin-form ("/a/b?c=d", RFC 9112 section 3.2.1) taken apart. Passive, bounded, accepts anything.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/hostname.h"

namespace hort {

// Percent-escapes decoded; a '%' that begins none stays. `plus_is_blank`: as in a form
// (application/x-www-form-urlencoded).
std::string percent_decoded(std::string_view text, bool plus_is_blank = false);

// The parameters of the query as written, in their order; at most 256.
std::vector<std::pair<std::string_view, std::string_view>> query_parameters(std::string_view target);

// What the last segment of the path ends with after its last dot, in lower case: "exe"; empty: nothing.
std::string file_extension(std::string_view path_or_name);

// The sites that stand in a request to another one: in the target, as translators, caches and web proxies are asked
// ("/translate?u=https://example.org", escaped or in base64, too), and in the name ("example-org.translate.goog"). At
// most eight.
std::vector<Hostname> sites_within(const Hostname& host, std::string_view target);
// The one in the name alone; empty when there is none.
Hostname site_within(const Hostname& host);

}  // namespace hort
