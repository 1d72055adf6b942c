#include "rules/url_path.h"

#include <vector>

#include "rules/ascii.h"

namespace hort {
namespace {

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size() && out.size() < max_url; ++i) {
        char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0) {
                out += "%25";  // it means itself; with what comes behind it might seem to mean something else
                continue;
            }
            const auto value = static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            if (is_unreserved(value)) c = value, i += 2;
        }
        out += lower(c);
    }
    return out;
}

// No longer than it may be, and not with half of an escape at the end.
void shorten(std::string& url) {
    if (url.size() <= max_url) return;
    url.resize(max_url);
    if (const auto escape = url.rfind('%'); escape != std::string::npos && escape + 3 > url.size()) url.resize(escape);
}

}  // namespace

std::string normal_url(const Hostname& host, std::string_view target) {
    target = target.substr(0, target.find('#'));
    const auto question = target.find('?');
    const auto path = decoded(target.substr(0, question));
    std::vector<std::string_view> segments;
    for (std::size_t begin = 0; begin <= path.size();) {
        auto end = path.find('/', begin);
        if (end == std::string::npos) end = path.size();
        const auto segment = std::string_view(path).substr(begin, end - begin);
        if (segment == "..") {
            if (!segments.empty()) segments.pop_back();
        } else if (!segment.empty() && segment != ".") {
            segments.push_back(segment);
        }
        begin = end + 1;
    }
    auto name = host.text();
    if (name.starts_with("www.") && host.label_count() > 2) name.remove_prefix(4);
    std::string out(name);
    for (const auto& segment : segments) out += "/" + std::string(segment);
    if (question != std::string_view::npos) out += "/" + decoded(target.substr(question));
    shorten(out);
    return out;
}

int hash_url_prefixes(std::string_view url, const HashKey& key, std::span<Hash128, max_url_prefixes> out) {
    auto slash = url.find('/');
    const auto host = url.substr(0, slash);
    LabelHasher hasher(key);
    for (std::size_t end = host.size(); end > 0;) {
        std::size_t begin = end;
        while (begin > 0 && host[begin - 1] != '.') --begin;
        hasher.add(host.substr(begin, end - begin));
        end = begin > 0 ? begin - 1 : 0;
    }
    hasher.add("/");  // no label holds one
    int count = 0;
    while (slash != std::string_view::npos && count < max_url_prefixes) {
        const auto next = url.find('/', slash + 1);
        hasher.add(url.substr(slash + 1, next == std::string_view::npos ? next : next - slash - 1));
        out[static_cast<std::size_t>(count++)] = hasher.hash();
        slash = next;
    }
    return count;
}

}  // namespace hort
