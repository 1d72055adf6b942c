// hosts(5): an address, then one or more names. An entry is that exact name and nothing below it.
// Source: the manual page hosts(5).
#include <algorithm>
#include <array>

#include "rules/list_reader.h"

namespace hort::lists {
namespace {

// Names that every machine's own hosts file maps to itself; a block list carries them along.
constexpr std::array<std::string_view, 12> own_names = {
    "localhost",    "localhost.localdomain", "local",        "broadcasthost",  "ip6-localhost", "ip6-loopback",
    "ip6-localnet", "ip6-mcastprefix",       "ip6-allnodes", "ip6-allrouters", "ip6-allhosts",  "0.0.0.0"};

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

}  // namespace

bool looks_like_hosts_line(std::string_view line) {
    const auto address = first_word(line);
    return address.size() < line.size() && is_address(address);
}

std::string read_hosts_line(std::string_view line, const Accept& accept) {
    const auto address = first_word(line);
    if (!is_address(address)) return "does not begin with an address: '" + std::string(address.substr(0, 60)) + "'";
    auto rest = trim(line.substr(address.size()));
    if (rest.empty()) return "has an address and no name";
    std::string fault;
    while (!rest.empty()) {
        const auto word = first_word(rest);
        rest = trim(rest.substr(word.size()));
        if (std::find(own_names.begin(), own_names.end(), word) != own_names.end()) continue;
        const auto host = Hostname::parse(word);
        if (!host) {
            fault = host.error().text();
        } else if (host->label_count() < 2) {
            fault = std::string(word) + ": a single label is no site";
        } else {
            accept(*host, Scope::exact);
        }
    }
    return fault;
}

}  // namespace hort::lists
