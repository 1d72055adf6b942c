#include "rules/request_target.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "rules/ascii.h"

namespace hort {
namespace {

constexpr std::size_t max_parameters = 256, max_sites = 8, max_text = 16 << 10;

bool is_of_base64(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
           c == '-' || c == '_';
}

// RFC 4648 sections 4 and 5, up to the first octet that is none.
std::string base64_decoded(std::string_view text) {
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        if (!is_of_base64(c)) break;
        const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                          : c >= 'a' && c <= 'z' ? c - 'a' + 26
                          : c >= '0' && c <= '9' ? c - '0' + 52
                          : c == '+' || c == '-' ? 62
                                                 : 63;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        if (++count % 4 == 1) continue;
        out += static_cast<char>(bits >> (6 - 2 * ((count - 1) % 4)) & 0xff);
    }
    return out;
}

// Collects hosts, each once.
class Sites {
  public:
    explicit Sites(const Hostname& outer) : outer_(outer) {}

    void add(std::string_view host) {
        if (out_.size() == max_sites) return;
        const auto parsed = Hostname::parse(host);
        if (!parsed || parsed->label_count() < 2 || outer_.is_or_is_below(*parsed) || parsed->is_or_is_below(outer_))
            return;
        if (std::find(out_.begin(), out_.end(), *parsed) == out_.end()) out_.push_back(*parsed);
    }

    // "http://user@example.org:80/...": browsers and servers take one slash, too, and backslashes.
    void add_urls_in(std::string_view text) {
        for (std::size_t at = 0; at < text.size() && out_.size() < max_sites; ++at) {
            if (lower(text[at]) != 'h') continue;
            const auto scheme = lower(text.substr(at, 5));
            std::size_t size = scheme.starts_with("https") ? 5 : scheme.starts_with("http") ? 4 : 0;
            if (size == 0 || at + size >= text.size() || text[at + size] != ':') continue;
            ++size;
            const auto slashes = size;
            while (at + size < text.size() && (text[at + size] == '/' || text[at + size] == '\\')) ++size;
            if (size == slashes) continue;
            const auto rest = text.substr(at + size);
            auto authority = rest.substr(0, rest.find_first_of("/\\?#&\"'<> \t;,|)"));
            if (const auto user = authority.rfind('@'); user != std::string_view::npos)
                authority.remove_prefix(user + 1);
            add(authority.substr(0, authority.find(':')));
        }
    }

    void add_base64_in(std::string_view text) {
        constexpr std::string_view begin = "aHR0c";  // "http"
        for (auto at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at + 1))
            add_urls_in(base64_decoded(text.substr(at, 2048)));
    }

    std::vector<Hostname> take() { return std::move(out_); }

  private:
    const Hostname& outer_;
    std::vector<Hostname> out_;
};

// Services that show a site which they are told without a scheme: "/web/2020/example.org/".
bool takes_bare_names(const Hostname& host) {
    constexpr std::array<std::string_view, 15> names = {"translate.google.com",
                                                        "translate.google.de",
                                                        "translate.googleusercontent.com",
                                                        "translatetheweb.com",
                                                        "microsofttranslator.com",
                                                        "translate.yandex.com",
                                                        "translate.yandex.ru",
                                                        "webcache.googleusercontent.com",
                                                        "web.archive.org",
                                                        "archive.org",
                                                        "archive.ph",
                                                        "archive.today",
                                                        "archive.is",
                                                        "r.jina.ai",
                                                        "12ft.io"};
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return host.is_or_is_below(name); });
}

void add_bare_names(Sites& sites, std::string_view text) {
    for (std::size_t begin = 0; begin < text.size();) {
        auto end = text.find_first_of("/?&=: +", begin);
        if (end == std::string_view::npos) end = text.size();
        const auto word = text.substr(begin, end - begin);
        if (word.find('.') != std::string_view::npos) sites.add(word);
        begin = end + 1;
    }
}

}  // namespace

std::string percent_decoded(std::string_view text, bool plus_is_blank) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
            out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            out += plus_is_blank && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

std::vector<std::pair<std::string_view, std::string_view>> query_parameters(std::string_view target) {
    std::vector<std::pair<std::string_view, std::string_view>> out;
    target = target.substr(0, target.find('#'));
    const auto question = target.find('?');
    if (question == std::string_view::npos) return out;
    auto query = target.substr(question + 1);
    while (!query.empty() && out.size() < max_parameters) {
        const auto end = query.find('&');
        const auto one = query.substr(0, end);
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
        if (one.empty()) continue;
        const auto equals = one.find('=');
        out.emplace_back(one.substr(0, equals),
                         equals == std::string_view::npos ? std::string_view() : one.substr(equals + 1));
    }
    return out;
}

std::string file_extension(std::string_view name) {
    name = name.substr(0, name.find_first_of("?#"));
    name = name.substr(name.find_last_of("/\\") + 1);
    name = name.substr(0, name.find(';'));  // "/a.exe;v=1" is the same file to servers that know parameters
    auto decoded = percent_decoded(name);
    while (!decoded.empty() && (decoded.back() == '.' || decoded.back() == ' ')) decoded.pop_back();
    const auto dot = decoded.rfind('.');
    if (dot == std::string::npos || decoded.size() - dot > 16) return {};
    return lower(std::string_view(decoded).substr(dot + 1));
}

Hostname site_within(const Hostname& host) {
    for (const std::string_view outer : {".translate.goog", ".cdn.ampproject.org", ".turbopages.org"}) {
        const auto name = host.text();
        if (!name.ends_with(outer)) continue;
        auto label = name.substr(0, name.size() - outer.size());
        label = label.substr(label.rfind('.') == std::string_view::npos ? 0 : label.rfind('.') + 1);
        // A hyphen stands for a dot, two of them for one. An A-label in it keeps its own.
        std::string out;
        for (std::size_t i = 0; i < label.size(); ++i) {
            if (label[i] != '-') {
                out += label[i];
            } else if (i + 1 < label.size() && label[i + 1] == '-') {
                out += '-', ++i;
            } else {
                out += '.';
            }
        }
        const auto found = Hostname::parse(out);
        if (found && found->label_count() >= 2) return *found;
    }
    return {};
}

std::vector<Hostname> sites_within(const Hostname& host, std::string_view target) {
    Sites out(host);
    if (const auto named = site_within(host); !named.empty()) out.add(named.text());
    target = target.substr(0, max_text);
    out.add_urls_in(target);
    out.add_base64_in(target);
    // Escaped once, as browsers do, and twice, as forms in forms are.
    auto text = std::string(target);
    for (int i = 0; i < 2 && text.find('%') != std::string::npos; ++i) {
        text = percent_decoded(text);
        out.add_urls_in(text);
        out.add_base64_in(text);
    }
    if (takes_bare_names(host)) add_bare_names(out, text);
    return out.take();
}

}  // namespace hort
