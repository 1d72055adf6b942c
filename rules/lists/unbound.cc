// unbound configuration: local-zone: "name" TYPE (the name and all below it, the longest zone decides) and
// local-data: "name TYPE DATA" (that name).
// Source: https://nlnetlabs.nl/documentation/unbound/unbound.conf/ (local-zone, local-data).
#include <array>

#include "rules/ascii.h"
#include "rules/list_reader.h"

namespace hort::lists {
namespace {

constexpr std::array<std::string_view, 13> blocking = {
    "always_nxdomain", "always_nodata", "always_refuse",   "always_deny", "always_null", "static", "refuse", "deny",
    "redirect",        "inform_deny",   "inform_redirect", "block_a",     "noview"};
constexpr std::array<std::string_view, 6> passing = {"transparent", "always_transparent", "typetransparent",
                                                     "inform",      "nodefault",          "ipset"};

std::string_view unquoted(std::string_view text) {
    text = trim(text);
    if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front())
        text = trim(text.substr(1, text.size() - 2));
    return text;
}

template <typename Words>
bool holds(const Words& words, std::string_view word) {
    for (const auto w : words)
        if (w == word) return true;
    return false;
}

class UnboundReader final : public LineReader {
  public:
    using LineReader::LineReader;

    std::string read(std::string_view line) override {
        line = without_comment(line);
        if (line.empty()) return {};
        const auto colon = line.find(':');
        const auto option = trim(line.substr(0, colon));
        if (colon == std::string_view::npos) return "not 'option: value'";
        const auto value = trim(line.substr(colon + 1));
        if (option == "local-zone") return zone(value);
        if (option == "local-data") return data(unquoted(value));
        sink_.skip();
        return {};
    }

  private:
    std::string zone(std::string_view value) {
        std::string_view name, type;
        if (value.starts_with('"') || value.starts_with('\'')) {
            const auto end = value.find(value[0], 1);
            if (end == std::string_view::npos) return "the quote is not closed";
            name = value.substr(1, end - 1);
            type = unquoted(value.substr(end + 1));
        } else {
            name = take_word(value);
            type = unquoted(value);
        }
        ListRule rule;
        rule.kind = ListRule::Kind::subtree;
        if (!holds(blocking, type)) {
            if (!holds(passing, type)) return "not a type of local zone: '" + std::string(type.substr(0, 40)) + "'";
            rule.effect = ListRule::Effect::allow;
        }
        const auto host = parse_site(name);
        if (!host) return host.error().text();
        if (rule.effect == ListRule::Effect::block) {
            sink_.name(*host, Scope::subtree);
        } else {
            rule.text = std::string(host->text());
            sink_.rule(rule);
        }
        return {};
    }

    std::string data(std::string_view record) {
        const auto name = take_word(record);
        std::string_view type, rdata;
        while (!record.empty()) {  // [TTL] [CLASS] TYPE DATA
            const auto word = take_word(record);
            if (lower(word) == "in" || word.find_first_not_of("0123456789") == std::string_view::npos) continue;
            type = word;
            rdata = record;
            break;
        }
        const auto upper_type = lower(type);
        if (upper_type != "a" && upper_type != "aaaa") {
            if (dns_type(type) == 0) return "not a resource record: '" + std::string(name.substr(0, 60)) + "'";
            sink_.skip();
            return {};
        }
        const auto host = parse_site(name);
        if (!host) return host.error().text();
        if (is_null_address(rdata)) {
            sink_.name(*host, Scope::exact);
        } else {
            ListRule rule;
            rule.kind = ListRule::Kind::exact;
            rule.effect = ListRule::Effect::rewrite;
            rule.text = std::string(host->text());
            sink_.rule(rule);
        }
        return {};
    }
};

}  // namespace

std::unique_ptr<LineReader> make_unbound_reader(LineSink& sink) { return std::make_unique<UnboundReader>(sink); }

}  // namespace hort::lists
