// An address or a network (CIDR) a line; a comment may follow. Source: the lists of addresses of DoH resolvers,
// firewall sets.
#include "rules/list_reader.h"
#include "rules/network.h"

namespace hort::lists {
namespace {

// Shorter ones would be whole regions of the Internet, or a slip.
constexpr int fewest_bits_v4 = 96 + 8, fewest_bits_v6 = 16;

class NetworksReader final : public LineReader {
  public:
    using LineReader::LineReader;
    std::string read(std::string_view line) override {
        if (line.starts_with('#') || line.starts_with(';')) return {};
        const auto text = first_word(without_comment(line));
        const auto network = parse_network(text);
        if (!network) return network.error().text();
        const bool is_v4 = text.find(':') == std::string_view::npos;
        if (network->bits < (is_v4 ? fewest_bits_v4 : fewest_bits_v6))
            return std::string(text) + ": too large a part of the Internet";
        ListRule rule;
        rule.kind = ListRule::Kind::network;
        rule.text = std::string(text);
        sink_.rule(rule);
        return {};
    }
};

}  // namespace

std::unique_ptr<LineReader> make_networks_reader(LineSink& sink) { return std::make_unique<NetworksReader>(sink); }

}  // namespace hort::lists
