#include "rules/web_rule.h"

#include <algorithm>

#include "rules/fold_text.h"
#include "rules/hostname.h"
#include "rules/url_path.h"

namespace hort {
namespace {

constexpr std::string_view prefixes[] = {"page:", "search:", "download:", "type:"};
constexpr std::size_t max_text = 200;

bool is_token(std::string_view text) {  // RFC 9110 section 5.6.2
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

Result<std::string> page_of(std::string_view text) {
    for (const std::string_view scheme : {"http://", "https://"})
        if (text.starts_with(scheme)) text.remove_prefix(scheme.size());
    const auto slash = text.find('/');
    const auto host = Hostname::parse(text.substr(0, slash));
    const Error fault{"\"" + std::string(text) + "\" is no page", {}, "expected one such as page:example.org/forum"};
    if (!host || host->label_count() < 2 || slash == std::string_view::npos) return fault;
    auto out = normal_url(*host, text.substr(slash));
    // One "www." says nothing, and was dropped; with a second one the name would not be read the same again.
    if (out.find('/') == std::string::npos || out.starts_with("www.")) return fault;
    return out;
}

}  // namespace

bool WebRule::is_meant(std::string_view subject) {
    return std::any_of(std::begin(prefixes), std::end(prefixes),
                       [&](std::string_view prefix) { return subject.starts_with(prefix); });
}

Result<WebRule> WebRule::parse(std::string_view subject) {
    WebRule out;
    std::size_t kind = 0;
    while (kind < std::size(prefixes) && !subject.starts_with(prefixes[kind])) ++kind;
    if (kind == std::size(prefixes))
        return Error{"not a page, a search, a download or a type",
                     {},
                     "expected page:example.org/forum, search:WORDS, download:exe or type:video/*"};
    out.kind = static_cast<Kind>(kind);
    const auto text = subject.substr(prefixes[kind].size());
    const Error too_long{"longer than 200 octets", {}, {}};
    if (text.size() > max_text) return too_long;
    switch (out.kind) {
        case Kind::page: {
            auto page = page_of(text);
            if (!page) return page.error();
            out.text = *std::move(page);
            break;
        }
        case Kind::search: {
            const auto all = folded(text);
            for (const auto word : words_of(all)) out.text += (out.text.empty() ? "" : " ") + std::string(word);
            if (out.text.empty())
                return Error{"no words", {}, "expected words that are searched for, such as search:how to cheat"};
            break;
        }
        case Kind::download:
            out.text = folded(text.starts_with('.') ? text.substr(1) : text);
            if (!is_token(out.text) || out.text.size() > 15 || out.text.find('.') != std::string::npos)
                return Error{"\"" + std::string(text) + "\" is no extension of a file's name",
                             {},
                             "expected one such as download:exe"};
            break;
        case Kind::media_type: {
            out.text = folded(text);
            const auto slash = out.text.find('/');
            if (slash == std::string::npos || !is_token(std::string_view(out.text).substr(0, slash)) ||
                !is_token(std::string_view(out.text).substr(slash + 1)) || out.text.starts_with('*'))
                return Error{"\"" + std::string(text) + "\" is no media type",
                             {},
                             "expected one such as type:video/* or type:application/zip"};
            break;
        }
    }
    if (out.text.size() > max_text) return too_long;  // folding made it so
    return out;
}

std::string WebRule::subject() const { return std::string(prefixes[static_cast<std::size_t>(kind)]) + text; }

bool WebRule::covers_page(std::string_view url) const {
    return url.starts_with(text) && (url.size() == text.size() || url[text.size()] == '/');
}

bool WebRule::covers_search(std::string_view all, const std::vector<std::string_view>& words) const {
    const auto wanted = words_of(text);
    return std::all_of(wanted.begin(), wanted.end(), [&](std::string_view word) {
        return std::find(words.begin(), words.end(), word) != words.end() ||
               (has_no_blanks(word) && all.find(word) != std::string_view::npos);
    });
}

bool WebRule::covers_type(std::string_view type) const {
    if (!text.ends_with("/*")) return type == text;
    return type.starts_with(std::string_view(text).substr(0, text.size() - 1));
}

}  // namespace hort
