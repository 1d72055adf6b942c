// Reads published lists, one reader per format in rules/lists/.
//
// A damaged list loads its good lines and reports the others; no content makes a reader fail as a whole.
// What a list means in a browser only (cosmetic rules, rules on requests) is skipped and counted, never misread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/hostname.h"
#include "rules/list_rule.h"
#include "rules/ruleset.h"

namespace hort {

enum class ListFormat : std::uint8_t {
    hosts,        // hosts(5): exact names
    domains,      // a name or *.name a line: the name and all below it
    dstdomain,    // squid: .name is the name and all below it, name is exact
    dnsmasq,      // address=/…/, server=/…/, local=/…/
    unbound,      // local-zone: and local-data:
    rpz,          // a response policy zone
    adblock,      // AdGuard's DNS filtering rules
    v2fly,        // domain: full: keyword: regexp: include:
    urls,         // squidGuard urls: host/path
    expressions,  // squidGuard expressions, Pi-hole regex: searched in URLs; a host alone is one, too
    csv,          // a table with a column of hosts or URLs
    networks,     // an address or a network (CIDR) a line
};
std::span<const std::string_view> list_format_names();
std::string_view name_of(ListFormat format);
Result<ListFormat> parse_list_format(std::string_view name);
// Decides from the first lines that say something.
ListFormat detect_list_format(std::string_view content);
// True when of two rules of one list the longer name decides, as dnsmasq, unbound and RPZ do; elsewhere an exception
// wins wherever it stands.
bool most_specific_wins(ListFormat format);

// A plain entry: this name is listed.
struct ListEntry {
    const Hostname& host;
    Scope scope;
    std::uint32_t line;  // counted from 1
};

// `include:other @attribute` of a v2fly list.
struct ListInclude {
    std::string name;
    std::vector<std::string> attributes, not_attributes;
};

struct ListReport {
    static constexpr std::size_t max_problems = 20;  // kept; all are counted
    std::uint64_t accepted = 0;
    std::uint64_t skipped = 0;  // right, but not about host names
    std::uint64_t refused = 0;
    std::vector<std::string> problems;  // "line: what"
};

using ListSink = std::function<void(const ListEntry&)>;

// Where the rules go. `name` is required; what has no receiver is counted as skipped.
struct ListSinks {
    ListSink name;
    std::function<void(const ListRule&, std::uint32_t line)> rule = {};
    std::function<void(const ListInclude&, std::uint32_t line)> include = {};
    // v2fly: take only entries with all of `attributes` and none of `not_attributes`.
    ListInclude only = {};
};

// Hands every good rule to its sink, in order. A byte order mark, CRLF, blank lines and comments are no problems; a
// line longer than 4,096 octets, a NUL, or a name that is no host name is one.
ListReport read_list(std::string_view content, ListFormat format, const ListSinks& sinks);

// What the readers in rules/lists/ share.
namespace lists {

inline constexpr std::string_view blanks = " \t\r\f\v";
std::string_view trim(std::string_view text);
std::string_view first_word(std::string_view text);
std::string_view without_comment(std::string_view line);  // up to the first '#', trimmed
// Takes the first word off `text`.
std::string_view take_word(std::string_view& text);
bool is_address(std::string_view word);
// 0.0.0.0, ::, a loopback address: an answer that means "blocked".
bool is_null_address(std::string_view word);
// A rule about elements of a page: name##selector and its kin.
bool is_cosmetic_rule(std::string_view line);
// The heading of a column of hosts or URLs, in lower case, blanks as '_'.
bool is_csv_host_heading(std::string_view field);
// A host name of at least two labels, or why not.
Result<Hostname> parse_site(std::string_view word);

class LineSink {
  public:
    virtual ~LineSink() = default;
    virtual void name(const Hostname& host, Scope scope) = 0;
    virtual void rule(const ListRule& rule) = 0;
    virtual void include(const ListInclude& include) = 0;
    virtual void skip() = 0;
};

// Reads one format line by line. `line` is trimmed and not empty. Returns the fault, empty when there is none.
class LineReader {
  public:
    explicit LineReader(LineSink& sink) : sink_(sink) {}
    virtual ~LineReader() = default;
    virtual std::string read(std::string_view line) = 0;

  protected:
    LineSink& sink_;
};

std::unique_ptr<LineReader> make_hosts_reader(LineSink& sink);
std::unique_ptr<LineReader> make_domains_reader(LineSink& sink);
std::unique_ptr<LineReader> make_dstdomain_reader(LineSink& sink);
std::unique_ptr<LineReader> make_dnsmasq_reader(LineSink& sink);
std::unique_ptr<LineReader> make_unbound_reader(LineSink& sink);
std::unique_ptr<LineReader> make_rpz_reader(LineSink& sink);
std::unique_ptr<LineReader> make_adblock_reader(LineSink& sink);
std::unique_ptr<LineReader> make_v2fly_reader(LineSink& sink, ListInclude only);
std::unique_ptr<LineReader> make_urls_reader(LineSink& sink);
std::unique_ptr<LineReader> make_expressions_reader(LineSink& sink);
std::unique_ptr<LineReader> make_csv_reader(LineSink& sink);
std::unique_ptr<LineReader> make_networks_reader(LineSink& sink);

// 0 when it is no type that we know by name. RFC 1035, 3596, 9460 and "TYPE123" (RFC 3597).
std::uint16_t dns_type(std::string_view name);

}  // namespace lists
}  // namespace hort
