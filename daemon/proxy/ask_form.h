// The form on the page of a blocked site, by which a child asks a guardian: where it is sent, and how it is known to
// come from a page that this proxy made for that person. Passive.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hort::proxy {

// A path of the blocked site itself, so that a page in https can send it, too; it never goes upstream (RFC 8615).
inline constexpr std::string_view ask_path = "/.well-known/hort/ask";
inline constexpr std::size_t max_ask = 4096;  // octets of the form

class AskTokens {
  public:
    static constexpr std::int64_t valid_seconds = 3600;

    // `key`: 32 random octets, which nobody else knows.
    explicit AskTokens(std::string key) : key_(std::move(key)) {}

    // Of a page that was made at `now` (seconds since 1970) for that person about that site.
    std::string make(std::int64_t person, std::string_view site, std::int64_t now) const;
    bool is_valid(std::string_view token, std::int64_t person, std::string_view site, std::int64_t now) const;

  private:
    std::string key_;
};

// What was filled in.
struct AskForm {
    std::string token, why;
    std::string site;          // that it is about; empty: the one that the form is on
    std::int64_t minutes = 0;  // of time; 0: it is the site that is asked for
};
// From application/x-www-form-urlencoded; nothing when it is no such form.
std::optional<AskForm> parse_ask_form(std::string_view body);

}  // namespace hort::proxy
