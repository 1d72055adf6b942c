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

class HostsReader final : public LineReader {
  public:
    using LineReader::LineReader;

    std::string read(std::string_view line) override {
        auto rest = without_comment(line);
        if (rest.empty()) return {};
        const auto address = take_word(rest);
        if (!is_address(address)) return "does not begin with an address: '" + std::string(address.substr(0, 60)) + "'";
        if (rest.empty()) return "has an address and no name";
        std::string fault;
        while (!rest.empty()) {
            const auto word = take_word(rest);
            if (std::find(own_names.begin(), own_names.end(), word) != own_names.end()) continue;
            const auto host = Hostname::parse(word);
            if (!host)
                fault = host.error().text();
            else if (host->label_count() < 2)
                fault = std::string(word) + ": a single label is no site";
            else
                sink_.name(*host, Scope::exact);
        }
        return fault;
    }
};

}  // namespace

std::unique_ptr<LineReader> make_hosts_reader(LineSink& sink) { return std::make_unique<HostsReader>(sink); }

}  // namespace hort::lists
