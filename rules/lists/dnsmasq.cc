// dnsmasq configuration: address=/a/b/ADDRESS, server=/a/, local=/a/. A domain covers itself and all below it; the
// longest one that matches decides; `#` for the address hands the domain back to the usual servers.
// Source: https://thekelleys.org.uk/dnsmasq/docs/dnsmasq-man.html (--address, --server, --local).
#include "rules/list_reader.h"

namespace hort::lists {
namespace {

class DnsmasqReader final : public LineReader {
  public:
    using LineReader::LineReader;

    std::string read(std::string_view line) override {
        if (line.starts_with('#')) return {};
        if (const auto comment = line.find(" #"); comment != std::string_view::npos)
            line = trim(line.substr(0, comment));
        if (line.starts_with("--")) line.remove_prefix(2);
        const auto equals = line.find('=');
        const auto option = trim(line.substr(0, equals));
        if (equals == std::string_view::npos) {
            sink_.skip();  // a switch, such as domain-needed
            return {};
        }
        const bool is_address_option = option == "address";
        if (!is_address_option && option != "server" && option != "local") {
            sink_.skip();
            return {};
        }
        auto value = trim(line.substr(equals + 1));
        if (!value.starts_with('/')) {
            sink_.skip();  // server=192.0.2.1 is about every name
            return {};
        }
        const auto last = value.rfind('/');
        if (last == 0) return "no '/' after the domain: '" + std::string(line.substr(0, 60)) + "'";
        const auto target = value.substr(last + 1);
        ListRule rule;
        rule.kind = ListRule::Kind::subtree;
        if (is_address_option ? target.empty() || target == "#" || is_null_address(target) : target.empty())
            rule.effect = ListRule::Effect::block;
        else if (is_address_option)
            rule.effect = ListRule::Effect::rewrite;
        else
            rule.effect = ListRule::Effect::allow;  // asked somewhere, as usual or elsewhere
        std::string fault;
        for (auto rest = value.substr(1, last - 1); !rest.empty();) {
            const auto end = rest.find('/');
            auto name = rest.substr(0, end);
            rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
            if (name.starts_with("*.")) name.remove_prefix(2);
            if (name.starts_with('.')) name.remove_prefix(1);
            const auto host = parse_site(name);
            if (!host) {
                fault = host.error().text();
            } else if (rule.effect == ListRule::Effect::block) {
                sink_.name(*host, Scope::subtree);
            } else {
                rule.text = std::string(host->text());
                sink_.rule(rule);
            }
        }
        return fault;
    }
};

}  // namespace

std::unique_ptr<LineReader> make_dnsmasq_reader(LineSink& sink) { return std::make_unique<DnsmasqReader>(sink); }

}  // namespace hort::lists
