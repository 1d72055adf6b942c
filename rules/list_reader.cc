#include "rules/list_reader.h"

namespace hort {
namespace {

constexpr std::size_t max_line = 4096;

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

std::string_view without_comment(std::string_view line) { return lists::trim(line.substr(0, line.find('#'))); }

}  // namespace

namespace lists {

std::string_view trim(std::string_view text) {
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find_first_of(blanks)); }

}  // namespace lists

std::string_view name_of(ListFormat format) { return format == ListFormat::hosts ? "hosts" : "domains"; }

Result<ListFormat> parse_list_format(std::string_view name) {
    if (name == "hosts") return ListFormat::hosts;
    if (name == "domains") return ListFormat::domains;
    return Error{"not a list format", std::string(name.substr(0, 40)), "expected hosts or domains"};
}

ListFormat detect_list_format(std::string_view content) {
    int hosts = 0, seen = 0;
    for_each_line(content, [&](std::uint32_t number, std::string_view line) {
        if (line.size() <= max_line) {
            line = without_comment(line);
            if (!line.empty()) ++seen, hosts += lists::looks_like_hosts_line(line) ? 1 : 0;
        }
        return seen < 50 && number < 10000;
    });
    return hosts * 2 > seen ? ListFormat::hosts : ListFormat::domains;
}

ListReport read_list(std::string_view content, ListFormat format, const ListSink& sink) {
    ListReport report;
    std::uint32_t number = 0;
    const lists::Accept accept = [&](const Hostname& host, Scope scope) {
        ++report.accepted;
        sink(ListEntry{host, scope, number});
    };
    for_each_line(content, [&](std::uint32_t line_number, std::string_view line) {
        number = line_number;
        std::string fault;
        if (line.size() > max_line) {
            fault = "the line is longer than 4096 octets";
        } else if (line.find('\0') != std::string_view::npos) {
            fault = "the line holds a NUL octet";
        } else if (const auto text = without_comment(line); !text.empty()) {
            fault = format == ListFormat::hosts ? lists::read_hosts_line(text, accept)
                                                : lists::read_domains_line(text, accept);
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
