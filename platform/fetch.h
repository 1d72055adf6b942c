// Fetches one document over HTTPS, HTTP or from a file, with bounds on size and time. Blocking: for a thread of its
// own, or a command.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "rules/result.h"

namespace hort::platform {

struct FetchRequest {
    std::string url;                  // https:, http: or file:
    std::string etag, last_modified;  // of what is there already; empty: fetch in any case (RFC 9110 section 13)
    std::size_t max_bytes = 0;        // after decompression
    int timeout_seconds = 0;          // for the whole; a transfer of less than 1 KiB/s for 30 s ends before
    // Called with octets received and, when known, expected (else 0); returns false to give up. Optional.
    std::function<bool(std::uint64_t received, std::uint64_t expected)> progress = {};
};

struct Fetched {
    bool is_unchanged = false;  // the server (or the file's time) says that what is there holds
    std::string body;
    std::string etag, last_modified;
};

// An error says what went wrong in words for people; `hint` says what to look at.
Result<Fetched> fetch(const FetchRequest& request);

}  // namespace hort::platform
