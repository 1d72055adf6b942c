#include "rules/list_reader.h"

#include <algorithm>
#include <array>
#include <optional>

#include "rules/ascii.h"

namespace hort {
namespace {

constexpr std::size_t max_line = 4096;
constexpr std::array<std::string_view, 12> format_names = {"hosts",   "domains",     "dstdomain", "dnsmasq",
                                                           "unbound", "rpz",         "adblock",   "v2fly",
                                                           "urls",    "expressions", "csv",       "networks"};

// Calls `each(line_number, line)` for every line; the line has no end marks. Stops when `each` returns false.
template <typename Each>
void for_each_line(std::string_view content, const Each& each) {
    if (content.starts_with("\xef\xbb\xbf")) content.remove_prefix(3);
    std::uint32_t number = 0;
    while (!content.empty()) {
        const auto end = content.find('\n');
        if (!each(++number, content.substr(0, end))) return;
        if (end == std::string_view::npos) return;
        content.remove_prefix(end + 1);
    }
}

class Counter final : public lists::LineSink {
  public:
    Counter(const ListSinks& sinks, ListReport& report) : sinks_(sinks), report_(report) {}

    void name(const Hostname& host, Scope scope) override {
        ++report_.accepted;
        sinks_.name(ListEntry{host, scope, line});
    }
    void rule(const ListRule& rule) override {
        if (sinks_.rule) {
            ++report_.accepted;
            sinks_.rule(rule, line);
        } else if (const auto host = plain_name(rule)) {
            ++report_.accepted;
            sinks_.name(ListEntry{*host, *scope_of(rule.kind), line});
        } else {
            ++report_.skipped;
        }
    }
    void include(const ListInclude& include) override {
        if (sinks_.include) {
            ++report_.accepted;
            sinks_.include(include, line);
        } else {
            ++report_.skipped;
        }
    }
    void skip() override { ++report_.skipped; }

    std::uint32_t line = 0;

  private:
    // A rule that says no more than that a name is listed.
    static std::optional<Hostname> plain_name(const ListRule& rule) {
        if (!scope_of(rule.kind) || rule.effect != ListRule::Effect::block || rule.has_conditions() || rule.is_rewrite)
            return std::nullopt;
        const auto host = Hostname::parse(rule.text);
        if (!host) return std::nullopt;
        return *host;
    }

    const ListSinks& sinks_;
    ListReport& report_;
};

std::unique_ptr<lists::LineReader> make_reader(ListFormat format, lists::LineSink& sink, const ListInclude& only) {
    switch (format) {
        case ListFormat::hosts:
            return lists::make_hosts_reader(sink);
        case ListFormat::dstdomain:
            return lists::make_dstdomain_reader(sink);
        case ListFormat::dnsmasq:
            return lists::make_dnsmasq_reader(sink);
        case ListFormat::unbound:
            return lists::make_unbound_reader(sink);
        case ListFormat::rpz:
            return lists::make_rpz_reader(sink);
        case ListFormat::adblock:
            return lists::make_adblock_reader(sink);
        case ListFormat::v2fly:
            return lists::make_v2fly_reader(sink, only);
        case ListFormat::urls:
            return lists::make_urls_reader(sink);
        case ListFormat::expressions:
            return lists::make_expressions_reader(sink);
        case ListFormat::csv:
            return lists::make_csv_reader(sink);
        case ListFormat::networks:
            return lists::make_networks_reader(sink);
        case ListFormat::domains:
            break;
    }
    return lists::make_domains_reader(sink);
}

// What one line looks like. A certain mark outweighs all bare names: the format that has it reads those, too.
constexpr int certain = 1000;
// No other format has these, and bare names mean the same in it as in a plain list.
constexpr int beyond_doubt = 1'000'000;
struct Votes {
    std::array<int, format_names.size()> of{};
    void add(ListFormat format, int weight) { of[static_cast<std::size_t>(format)] += weight; }
};

bool is_csv_heading(std::string_view line) {
    bool names_hosts = false;
    int fields = 0;
    while (!line.empty()) {
        const auto end = line.find_first_of(",;");
        auto field = lower(lists::trim(line.substr(0, end)));
        std::erase(field, '"');
        std::replace(field.begin(), field.end(), ' ', '_');
        if (field.size() > 40) return false;
        names_hosts = names_hosts || lists::is_csv_host_heading(field);
        ++fields;
        line = end == std::string_view::npos ? std::string_view() : line.substr(end + 1);
    }
    return names_hosts && fields > 1;
}

void vote(std::string_view line, std::uint32_t number, Votes& votes) {
    const auto contains = [&](std::string_view part) { return line.find(part) != std::string_view::npos; };
    const auto begins = [&](std::initializer_list<std::string_view> beginnings) {
        return std::any_of(beginnings.begin(), beginnings.end(), [&](auto b) { return line.starts_with(b); });
    };
    if (number <= 3) {
        if (line.starts_with('#') && is_csv_heading(line.substr(1))) return votes.add(ListFormat::csv, 25);
        if (is_csv_heading(line)) return votes.add(ListFormat::csv, certain);
    }
    if (lists::is_cosmetic_rule(line)) return votes.add(ListFormat::adblock, certain);
    if (line.starts_with('#')) return;
    const auto low = lower(line.substr(0, 400));
    if (line.starts_with('!') || (line.starts_with('[') && low.find("adblock") != std::string::npos))
        return votes.add(ListFormat::adblock, certain);
    // JSON is no list: let it be refused line by line as names, and not be taken for expressions.
    if (begins({"{", "}", "]"}) || (line.starts_with('"') && contains("\":")))
        return votes.add(ListFormat::domains, 10);
    if (begins({"domain:", "full:", "keyword:", "regexp:", "include:"}))
        return votes.add(ListFormat::v2fly, beyond_doubt);
    if (line.starts_with('^') || line.starts_with('(')) return votes.add(ListFormat::expressions, 40);
    if (begins({"||", "@@", "|"}) || line.ends_with('^') || contains("^$") || contains("^|"))
        return votes.add(ListFormat::adblock, certain);
    if (line.starts_with(';') || low.starts_with("$ttl") || low.starts_with("$origin"))
        return votes.add(ListFormat::rpz, certain);
    auto rest = std::string_view(low);
    for (int word = 0; word < 5 && !rest.empty(); ++word) {  // owner [TTL] [CLASS] TYPE
        const auto next = lists::take_word(rest);
        if (word > 0 && (next == "cname" || next == "soa")) return votes.add(ListFormat::rpz, certain);
    }
    rest = low;
    const auto first = lists::take_word(rest);
    if (low.starts_with("address=/") || low.starts_with("server=/") || low.starts_with("local=/"))
        votes.add(ListFormat::dnsmasq, certain);
    else if (low.starts_with("local-zone:") || low.starts_with("local-data:") || low == "server:")
        votes.add(ListFormat::unbound, certain);
    else if (rest.starts_with('@') || rest.starts_with('&'))
        votes.add(ListFormat::v2fly, beyond_doubt);
    else if (lists::is_address(first) && !lists::without_comment(rest).empty())
        votes.add(ListFormat::hosts, 30);
    else if (parse_network(lists::without_comment(low)))
        votes.add(ListFormat::networks, 10);
    else if (line.starts_with('.'))
        votes.add(ListFormat::dstdomain, 30);
    else if (contains(",") && !contains("("))
        votes.add(ListFormat::csv, 20);
    else if (line.starts_with('/') && line.ends_with('/') && line.size() > 2)
        votes.add(ListFormat::adblock, 30);
    else if (contains("(") || contains("\\") || contains("|") || contains("["))
        votes.add(ListFormat::expressions, 40);
    else if (lists::without_comment(line).find('/') != std::string_view::npos)
        votes.add(ListFormat::urls, 30);
    else
        votes.add(ListFormat::domains, 10);
}

}  // namespace

namespace lists {

std::string_view trim(std::string_view text) {
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find_first_of(blanks)); }

std::string_view without_comment(std::string_view line) { return trim(line.substr(0, line.find('#'))); }

bool is_cosmetic_rule(std::string_view line) {
    constexpr std::array<std::string_view, 11> marks = {"##",  "#@#",  "#?#", "#@?#", "#$#", "#@$#",
                                                        "#%#", "#@%#", "$$",  "$@$",  "#$?#"};
    for (const auto mark : marks) {
        const auto at = line.find(mark);
        if (at == std::string_view::npos) continue;
        const auto after = at + mark.size() < line.size() ? line[at + mark.size()] : ' ';
        // "## a heading" and "name # x ## y" are comments
        if (blanks.find(after) == std::string_view::npos && after != '#' &&
            line.substr(0, at).find('#') == std::string_view::npos &&
            line.substr(0, at).find_first_of(blanks) == std::string_view::npos)
            return true;
    }
    return false;
}

bool is_csv_host_heading(std::string_view field) {
    constexpr std::array<std::string_view, 10> names = {"host", "hostname", "domain", "domain_name", "domains",
                                                        "fqdn", "url",      "urls",   "site",        "website"};
    return std::find(names.begin(), names.end(), field) != names.end();
}

std::string_view take_word(std::string_view& text) {
    text = trim(text);
    const auto word = first_word(text);
    text = trim(text.substr(word.size()));
    return word;
}

bool is_address(std::string_view word) {
    const bool v6 = word.find(':') != std::string_view::npos;
    int dots = 0;
    for (const char c : word) {
        const bool digit = c >= '0' && c <= '9';
        const bool hex = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (c == '.')
            ++dots;
        else if (!digit && !(v6 && (hex || c == ':' || c == '%' || (c >= 'g' && c <= 'z'))))
            return false;
    }
    return v6 || dots == 3;
}

bool is_null_address(std::string_view word) {
    if (word.starts_with("127.") || word == "0.0.0.0" || word == "0") return true;
    return word.find(':') != std::string_view::npos && word.find_first_not_of("0:1") == std::string_view::npos &&
           std::count(word.begin(), word.end(), '1') <= 1;
}

Result<Hostname> parse_site(std::string_view word) {
    auto host = Hostname::parse(word);
    if (host && host->label_count() < 2)
        return Error{"a single label would cover a whole top-level domain", std::string(word), ""};
    return host;
}

std::uint16_t dns_type(std::string_view name) {
    struct Type {
        std::string_view name;
        std::uint16_t value;
    };
    constexpr std::array<Type, 21> types = {
        {{"a", 1},       {"ns", 2},    {"cname", 5}, {"soa", 6},    {"ptr", 12}, {"hinfo", 13}, {"mx", 15},
         {"txt", 16},    {"aaaa", 28}, {"srv", 33},  {"naptr", 35}, {"ds", 43},  {"rrsig", 46}, {"nsec", 47},
         {"dnskey", 48}, {"tlsa", 52}, {"svcb", 64}, {"https", 65}, {"spf", 99}, {"any", 255},  {"caa", 257}}};
    const auto given = lower(name);
    for (const auto& type : types)
        if (type.name == given) return type.value;
    if (given.starts_with("type") && given.size() > 4 && given.size() <= 9 &&
        given.find_first_not_of("0123456789", 4) == std::string::npos) {
        const auto value = std::stoul(given.substr(4));
        if (value <= 65535) return static_cast<std::uint16_t>(value);
    }
    return 0;
}

}  // namespace lists

std::span<const std::string_view> list_format_names() { return format_names; }
std::string_view name_of(ListFormat format) { return format_names[static_cast<std::size_t>(format)]; }

Result<ListFormat> parse_list_format(std::string_view name) {
    std::string expected;
    for (std::size_t i = 0; i < format_names.size(); ++i) {
        if (format_names[i] == name) return static_cast<ListFormat>(i);
        expected += (i == 0 ? "" : ", ") + std::string(format_names[i]);
    }
    return Error{"not a list format", std::string(name.substr(0, 40)), "expected one of " + expected};
}

bool most_specific_wins(ListFormat format) {
    return format == ListFormat::dnsmasq || format == ListFormat::unbound || format == ListFormat::rpz;
}

ListFormat detect_list_format(std::string_view content) {
    Votes votes;
    int seen = 0;
    for_each_line(content, [&](std::uint32_t number, std::string_view line) {
        if (line.size() <= max_line && line.find('\0') == std::string_view::npos) {
            line = lists::trim(line);
            if (!line.empty()) vote(line, number, votes);
            seen += !line.empty() && !line.starts_with('#') ? 1 : 0;
        }
        return seen < 5000 && number < 20000;
    });
    auto best = ListFormat::domains;
    for (std::size_t i = 0; i < votes.of.size(); ++i)
        if (votes.of[i] > votes.of[static_cast<std::size_t>(best)]) best = static_cast<ListFormat>(i);
    return best;
}

ListReport read_list(std::string_view content, ListFormat format, const ListSinks& sinks) {
    ListReport report;
    Counter counter(sinks, report);
    const auto reader = make_reader(format, counter, sinks.only);
    for_each_line(content, [&](std::uint32_t number, std::string_view line) {
        counter.line = number;
        std::string fault;
        if (line.size() > max_line) {
            fault = "the line is longer than 4096 octets";
        } else if (line.find('\0') != std::string_view::npos) {
            fault = "the line holds a NUL octet";
        } else if (const auto text = lists::trim(line); !text.empty()) {
            fault = reader->read(text);
        }
        if (!fault.empty()) {
            ++report.refused;
            if (report.problems.size() < ListReport::max_problems)
                report.problems.push_back(std::to_string(number) + ": " + fault);
        }
        return true;
    });
    return report;
}

}  // namespace hort
