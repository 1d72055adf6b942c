// URLs in one normal form, "host/path", for rules that name a path: squidGuard's urls, and expressions on URLs.
//
// The form: no scheme, no "www.", lower case, percent-escapes of unreserved octets decoded (RFC 3986 section 6.2.2.2),
// dot segments removed (section 5.2.4), empty segments and the fragment dropped. A query is one more segment.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "rules/hostname.h"
#include "rules/suffix_hash.h"

namespace hort {

inline constexpr int max_url_prefixes = 16;   // segments of a path that are looked at
inline constexpr std::size_t max_url = 2048;  // octets of the normal form; what is longer is cut

// `target`: the path and query as they stand in a request or a list; may be empty.
std::string normal_url(const Hostname& host, std::string_view target);

// The hashes of "host/a", "host/a/b", ... of a URL in normal form; returns how many. They meet no host's hash.
int hash_url_prefixes(std::string_view url, const HashKey& key, std::span<Hash128, max_url_prefixes> out);

}  // namespace hort
