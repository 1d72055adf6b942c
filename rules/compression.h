// DEFLATE in the zlib format (RFC 1950, RFC 1951) and gzip (RFC 1952), with a bound on what comes out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/result.h"

namespace hort {

// Deterministic: the same octets give the same octets.
std::string compress(std::string_view bytes);
// Fails when the input is damaged, goes on behind its end, or would give more than `limit` octets.
Result<std::string> decompress(std::string_view bytes, std::size_t limit);
// Of a gzip file; members that follow each other are joined, as the format says.
Result<std::string> gunzip(std::string_view bytes, std::size_t limit);
bool is_gzip(std::string_view bytes);

}  // namespace hort
