// JSON-RPC 2.0 (https://www.jsonrpc.org/specification), one message a line, at most 64 KiB. See ctl/PROTOCOL.md.
#pragma once

#include <cstddef>

namespace hort::ctl::protocol {

inline constexpr std::size_t max_line = 64 << 10;
inline constexpr int max_depth = 16;
inline constexpr int parse_error = -32700, invalid_request = -32600, method_not_found = -32601, invalid_params = -32602;
inline constexpr int refused = 1;      // the command cannot be done; the message says why
inline constexpr int not_allowed = 2;  // the caller's role does not suffice

}  // namespace hort::ctl::protocol
