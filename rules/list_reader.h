// Reads published lists of host names, one reader per format in rules/lists/.
//
// A damaged list loads its good lines and reports the others; no content makes a reader fail as a whole.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/hostname.h"
#include "rules/ruleset.h"

namespace hort {

enum class ListFormat : std::uint8_t { hosts, domains };
std::string_view name_of(ListFormat format);
Result<ListFormat> parse_list_format(std::string_view name);
// Decides from the first lines that say something.
ListFormat detect_list_format(std::string_view content);

struct ListEntry {
    const Hostname& host;
    Scope scope;
    std::uint32_t line;  // counted from 1
};

struct ListReport {
    static constexpr std::size_t max_problems = 20;  // kept; all are counted
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;
    std::vector<std::string> problems;  // "line: what"
};

using ListSink = std::function<void(const ListEntry&)>;

// Hands every good entry to `sink`, in order. A byte order mark, CRLF, blank lines and comments are no
// problems; a line longer than 4,096 octets, a NUL, or a name that is no host name is one.
ListReport read_list(std::string_view content, ListFormat format, const ListSink& sink);

// What the readers in rules/lists/ share.
namespace lists {

inline constexpr std::string_view blanks = " \t\r\f\v";
std::string_view trim(std::string_view text);
std::string_view first_word(std::string_view text);

// Each reads one line without its end and without its comment. Returns the fault, empty when there is none.
using Accept = std::function<void(const Hostname&, Scope)>;
std::string read_hosts_line(std::string_view line, const Accept& accept);
std::string read_domains_line(std::string_view line, const Accept& accept);
bool looks_like_hosts_line(std::string_view line);

}  // namespace lists
}  // namespace hort
