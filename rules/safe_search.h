// Safe search and restricted mode: host names that search engines publish for it, and what they read in a URL. A query
// for the engine's own name is answered with the target's addresses; a request of which the URL is visible is told to
// be safe. The facts: rules/data/safe_search.json.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

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
    std::string_view target(const Hostname& host, bool has_safe_search, RestrictedMode mode) const;
    std::size_t size() const { return targets_.size(); }

    // What is searched for with a request, decoded; empty: it is no search. `target` in origin-form.
    std::string searched(const Hostname& host, std::string_view target) const;
    // The request target of a search with the engine's own parameters for a safe one; empty when there is nothing to
    // change.
    std::string safe_target(const Hostname& host, std::string_view target) const;

  private:
    struct Engine {
        std::string id;
        std::vector<std::string> words;                         // names of parameters
        std::vector<std::pair<std::string, std::string>> safe;  // parameters with their values
    };
    const Engine* engine(const Hostname& host) const;

    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    // One table, for every question asks it.
    struct Targets {
        std::string engine, moderate, strict;
        int number = -1;  // of the engine
    };
    std::unordered_map<std::string, Targets, TextHash, std::equal_to<>> targets_;
    std::unordered_map<std::string, int, TextHash, std::equal_to<>> below_;  // an engine's names, with all below them
    std::vector<Engine> engines_;
};

}  // namespace hort
