// Decoder: the content coding of a body undone (RFC 9110 section 8.4.1), for looking at it. Passive, under hard limits:
// what unpacks to more, or by more than a hundred to one, is not unpacked further.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hort::proxy {

enum class Coding : std::uint8_t { identity, gzip, deflate, brotli, zstd };
// Nothing for one that is unknown, and for several on top of each other.
std::optional<Coding> parse_coding(std::string_view content_encoding);

inline constexpr std::size_t max_decoded = 2 << 20, decoded_without_ratio = 64 << 10, max_ratio = 100;

// As much of the content as `octets`, the beginning of a body or all of it, has. Broken octets end it.
std::string decode(Coding coding, std::string_view octets);

// Of the codings that a client takes (Accept-Encoding) those that can be undone here: "gzip, br".
std::string decodable(std::string_view accept_encoding);

}  // namespace hort::proxy
