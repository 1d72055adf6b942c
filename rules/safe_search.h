// Safe search and restricted mode: host names that search engines publish for it. A query for the engine's own name is
// answered with the target's addresses. The facts: rules/data/safe_search.json.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "rules/hostname.h"

namespace hort {

enum class RestrictedMode : std::uint8_t { off, moderate, strict };  // of video sites
std::string_view name_of(RestrictedMode mode);

class SafeSearch {
  public:
    // Reads the JSON of rules/data/safe_search.json.
    static Result<SafeSearch> parse(std::string_view json);
    static const SafeSearch& shipped();

    // The name or address to answer with; empty when the host is no engine's. Exact names only: an engine's other
    // names have no safe twin.
    std::string_view engine_target(const Hostname& host) const;
    std::string_view restricted_target(const Hostname& host, RestrictedMode mode) const;
    std::size_t size() const { return engines_.size() + strict_.size(); }

  private:
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    using Targets = std::unordered_map<std::string, std::string, TextHash, std::equal_to<>>;
    static std::string_view look_up(const Targets& targets, const Hostname& host);

    Targets engines_, moderate_, strict_;
};

}  // namespace hort
