// Adblock-style DNS rules as AdGuard describes them, with hosts lines and bare names among them. Rules that make sense
// in a browser only (cosmetic rules, paths, modifiers about requests) are skipped.
// Source: https://adguard-dns.io/kb/general/dns-filtering-syntax/
#include <algorithm>
#include <array>
#include <cctype>

#include "rules/ascii.h"
#include "rules/list_reader.h"

namespace hort::lists {
namespace {

bool is_name_octet(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
           static_cast<unsigned char>(c) >= 0x80;
}

// Splits at `separator` where it is not escaped; the escapes are taken out.
std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> out(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size() &&
            (text[i + 1] == separator || text[i + 1] == '\'' || text[i + 1] == '"'))
            out.back() += text[++i];
        else if (text[i] == separator)
            out.emplace_back();
        else
            out.back() += text[i];
    }
    return out;
}

std::string unquoted(std::string text) {
    if (text.size() >= 2 && (text.front() == '\'' || text.front() == '"') && text.back() == text.front())
        return text.substr(1, text.size() - 2);
    return text;
}

std::string_view trim_marks(std::string_view text) {
    while (text.starts_with('|')) text.remove_prefix(1);
    while (text.ends_with('^') || text.ends_with('|')) text.remove_suffix(1);
    return text;
}

// Where the modifiers begin: at the last '$' that is not escaped, and for an expression after its closing '/'.
std::size_t modifiers_at(std::string_view rule) {
    if (rule.starts_with('/')) {
        const auto close = rule.rfind("/$");
        if (close != std::string_view::npos && close > 0) return close + 1;
        if (rule.size() > 1 && rule.ends_with('/')) return std::string_view::npos;
    }
    for (auto at = rule.rfind('$'); at != std::string_view::npos && at > 0; at = rule.rfind('$', at - 1))
        if (rule[at - 1] != '\\') return at;
    return rule.starts_with('$') ? 0 : std::string_view::npos;
}

class AdblockReader final : public LineReader {
  public:
    using LineReader::LineReader;

    std::string read(std::string_view line) override {
        if (line.starts_with('!') || (line.starts_with('[') && line.ends_with(']'))) return {};
        if (is_cosmetic_rule(line)) return skip();
        if (line.starts_with('#')) return {};
        if (is_address(first_word(line)) && first_word(line).size() < line.size()) return read_hosts_line(line);
        if (const auto comment = line.find(" #"); comment != std::string_view::npos && !line.starts_with('/'))
            line = trim(line.substr(0, comment));
        return read_rule(line);
    }

  private:
    std::string skip() {
        sink_.skip();
        return {};
    }

    std::string read_hosts_line(std::string_view line) {
        auto rest = without_comment(line);
        take_word(rest);  // the address
        std::string fault;
        while (!rest.empty()) {
            const auto word = take_word(rest);
            if (word == "localhost" || word == "local" || word == "broadcasthost" || word.starts_with("ip6-")) continue;
            const auto host = parse_site(word);
            if (!host) {
                fault = host.error().text();
            } else {
                sink_.name(*host, Scope::exact);
            }
        }
        return fault;
    }

    std::string read_rule(std::string_view line) {
        ListRule rule;
        bool is_exception = false;
        if (line.starts_with("@@")) {
            is_exception = true;
            line.remove_prefix(2);
        }
        const auto modifiers = modifiers_at(line);
        std::string_view text = line.substr(0, modifiers);
        bool is_badfilter = false;
        std::vector<std::string> kept;  // for the signature
        std::string rewrite;
        bool has_rewrite = false;
        if (modifiers != std::string_view::npos) {
            for (const auto& modifier : split(line.substr(modifiers + 1), ',')) {
                const auto equals = modifier.find('=');
                const auto key = lower(trim(std::string_view(modifier).substr(0, equals)));
                const auto value = equals == std::string::npos
                                       ? std::string()
                                       : std::string(trim(std::string_view(modifier).substr(equals + 1)));
                if (key == "badfilter") {
                    is_badfilter = true;
                    continue;
                }
                kept.push_back(key + "=" + value);
                if (key == "important") {
                    rule.is_important = true;
                } else if (key == "denyallow") {
                    for (const auto& name : split(value, '|')) {
                        const auto host = Hostname::parse(name);
                        if (!host) return "denyallow: " + host.error().text();
                        rule.not_below.emplace_back(host->text());
                    }
                } else if (key == "dnstype") {
                    for (const auto& given : split(value, '|')) {
                        const bool is_not = given.starts_with('~');
                        const auto type = dns_type(std::string_view(given).substr(is_not ? 1 : 0));
                        if (type == 0) return "dnstype: not a record type: '" + given.substr(0, 40) + "'";
                        (is_not ? rule.not_types : rule.types).push_back(type);
                    }
                } else if (key == "client" || key == "ctag") {
                    for (const auto& given : split(value, '|')) {
                        const bool is_not = given.starts_with('~');
                        const auto who = unquoted(is_not ? given.substr(1) : given);
                        if (who.empty()) return std::string(key) + ": names nobody";
                        (is_not ? rule.not_clients : rule.clients).push_back(lower(who));
                    }
                } else if (key == "dnsrewrite") {
                    has_rewrite = true;
                    rewrite = value;
                } else {
                    return skip();  // about requests of a browser
                }
            }
        }
        std::sort(kept.begin(), kept.end());
        if (has_rewrite) {
            rule.is_rewrite = true;
            rule.rewrite = lower(rewrite);
            if (is_exception)
                rule.effect = ListRule::Effect::allow_rewrite;
            else if (auto fault = set_rewrite(rule, rewrite); !fault.empty())
                return fault;
        } else if (is_exception) {
            rule.effect = ListRule::Effect::allow;
        }

        const bool is_plain = kept.empty() && !is_badfilter && !is_exception;
        if (text.size() > 1 && text.starts_with('/') && text.ends_with('/')) {
            rule.kind = ListRule::Kind::expression;
            rule.text = std::string(text.substr(1, text.size() - 2));
            if (rule.text.empty()) return "an empty expression";
        } else {
            if (text.find_first_of("/?=&:% ") != std::string_view::npos) {
                // ||name^ may carry a scheme or a slash in lists that serve browsers too; those rules are about URLs.
                return text.find(' ') != std::string_view::npos && text.find('/') == std::string_view::npos
                           ? "not a rule: '" + std::string(text.substr(0, 60)) + "'"
                           : skip();
            }
            if (is_address(trim_marks(text))) return skip();  // a rule about an address
            if (auto fault = set_pattern(rule, lower(text), is_plain); !fault.empty()) return fault;
            if (rule.text.empty() && !rule.has_conditions() && rule.kind == ListRule::Kind::pattern)
                return "matches every name: restrict it with denyallow, dnstype or client";
        }
        rule.signature = (is_exception ? "@@" : "") + lower(text);
        for (const auto& modifier : kept) rule.signature += "," + modifier;
        if (is_badfilter) rule.kind = ListRule::Kind::badfilter;
        sink_.rule(rule);
        return {};
    }

    std::string set_rewrite(ListRule& rule, const std::string& value) {
        const auto parts = split(value, ';');
        const auto first = lower(parts[0]);
        if (parts.size() == 1) {  // the short form: an address, a code, or a name
            if (first.empty()) return "dnsrewrite: says nothing to answer";
            const bool is_code = first == "refused" || first == "nxdomain" || first == "servfail";
            if (is_code || (is_address(first) && is_null_address(first))) return {};
            if (first == "noerror") return {};  // an empty answer
            if (!is_address(first))
                if (const auto host = Hostname::parse(first); !host) return "dnsrewrite: " + host.error().text();
            rule.effect = ListRule::Effect::rewrite;
            return {};
        }
        if (parts.size() != 3) return "dnsrewrite: expected CODE;TYPE;VALUE, such as NOERROR;A;192.0.2.1";
        if (first != "noerror") {
            constexpr std::array<std::string_view, 8> codes = {"nxdomain", "refused", "servfail", "formerr",
                                                               "notimp",   "notimpl", "yxdomain", "nxrrset"};
            if (std::find(codes.begin(), codes.end(), first) == codes.end())
                return "dnsrewrite: not a response code: '" + parts[0].substr(0, 40) + "'";
            return {};
        }
        if (parts[1].empty() && parts[2].empty()) return {};  // NOERROR;; is an empty answer
        const auto type = dns_type(parts[1]);
        if (type == 0) return "dnsrewrite: not a record type: '" + parts[1].substr(0, 40) + "'";
        if ((type == 1 || type == 28) && !is_address(parts[2]))
            return "dnsrewrite: not an address: '" + parts[2].substr(0, 60) + "'";
        if ((type == 1 || type == 28) && is_null_address(parts[2])) return {};
        rule.effect = ListRule::Effect::rewrite;
        return {};
    }

    // Simple shapes become names, which are found by hash; the others stay patterns.
    std::string set_pattern(ListRule& rule, std::string text, bool is_plain) {
        const auto inner_from = text.starts_with("||") ? 2u : text.starts_with('|') ? 1u : 0u;
        auto end = text.size();
        const bool ends_at_separator = end > inner_from && (text[end - 1] == '^' || text[end - 1] == '|');
        while (end > inner_from && (text[end - 1] == '^' || text[end - 1] == '|')) --end;
        const auto inner = std::string_view(text).substr(inner_from, end - inner_from);
        const bool is_name = !inner.empty() && std::all_of(inner.begin(), inner.end(), is_name_octet);
        if (is_name && inner.back() != '.' && inner.front() != '.') {
            const auto host = Hostname::parse(inner);
            if (inner_from == 2 && ends_at_separator) {
                if (!host) return host.error().text();
                rule.kind = ListRule::Kind::subtree;
                rule.text = std::string(host->text());
                return {};
            }
            if (inner_from == 1 && ends_at_separator) {
                if (!host) return host.error().text();
                rule.kind = ListRule::Kind::exact;
                rule.text = std::string(host->text());
                return {};
            }
            if (inner_from == 0 && !ends_at_separator && host && host->label_count() > 1) {
                // A bare name alone is that name ("domains-only syntax"); with marks it is a part of one.
                rule.kind = is_plain ? ListRule::Kind::exact : ListRule::Kind::pattern;
                rule.text = std::string(host->text());
                return {};
            }
        }
        if (text.starts_with("||*.") && ends_at_separator && text.find('*', 4) == std::string::npos) {
            // ||*.name^: something must stand before the dot
            const auto name = std::string_view(text).substr(4, end - 4);
            if (const auto host = Hostname::parse(name); host && std::all_of(name.begin(), name.end(), is_name_octet)) {
                rule.kind = ListRule::Kind::below;
                rule.text = std::string(host->text());
                return {};
            }
        }
        for (const char c : text)
            if (!is_name_octet(c) && c != '*' && c != '^' && c != '|')
                return "'" + std::string(1, std::isprint(static_cast<unsigned char>(c)) ? c : '?') +
                       "' is in no host name";
        rule.kind = ListRule::Kind::pattern;
        // A pattern of marks and stars only matches every name.
        if (text.find_first_not_of("*^|") == std::string::npos)
            rule.text.clear();
        else if (text.find_first_not_of("*^|.") == std::string::npos ||
                 (end - inner_from < 3 && !rule.has_conditions()))
            return "too wide: fewer than three letters";
        else
            rule.text = std::move(text);
        return {};
    }
};

}  // namespace

std::unique_ptr<LineReader> make_adblock_reader(LineSink& sink) { return std::make_unique<AdblockReader>(sink); }

}  // namespace hort::lists
