#include "rules/html_text.h"

#include <algorithm>
#include <cstdint>

#include "rules/ascii.h"
#include "rules/fold_text.h"

namespace hort {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

// Does `text` begin with `word`, which is in lower case?
bool begins(std::string_view text, std::string_view word) {
    return is_same_ignoring_case(text.substr(0, word.size()), word);
}

struct Entity {
    std::string_view name;
    std::uint32_t value;
};
constexpr Entity entities[] = {{"amp", '&'},     {"lt", '<'},
                               {"gt", '>'},      {"quot", '"'},
                               {"apos", 0x27},   {"nbsp", ' '},
                               {"shy", 0xad},    {"auml", 0xe4},
                               {"ouml", 0xf6},   {"uuml", 0xfc},
                               {"Auml", 0xc4},   {"Ouml", 0xd6},
                               {"Uuml", 0xdc},   {"szlig", 0xdf},
                               {"eacute", 0xe9}, {"egrave", 0xe8},
                               {"agrave", 0xe0}, {"aacute", 0xe1},
                               {"ccedil", 0xe7}, {"ntilde", 0xf1},
                               {"oacute", 0xf3}, {"iacute", 0xed},
                               {"uacute", 0xfa}, {"zwnj", 0x200c},
                               {"zwj", 0x200d},  {"ZeroWidthSpace", 0x200b}};

// The character that begins at '&'; returns how many octets it took, 0 when it is none.
std::size_t append_entity(std::string& out, std::string_view text) {
    std::size_t at = 1;
    if (at < text.size() && text[at] == '#') {
        ++at;
        const bool is_hex = at < text.size() && lower(text[at]) == 'x';
        if (is_hex) ++at;
        std::uint32_t value = 0;
        const auto first = at;
        for (; at < text.size() && at < first + 9; ++at) {
            const char c = lower(text[at]);
            const int digit = c >= '0' && c <= '9' ? c - '0' : is_hex && c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
            if (digit < 0) break;
            value = std::min<std::uint32_t>(value * (is_hex ? 16 : 10) + static_cast<std::uint32_t>(digit), 0x110000);
        }
        if (at == first) return 0;
        append_utf8(out, value);
        return at < text.size() && text[at] == ';' ? at + 1 : at;
    }
    for (const auto& [name, value] : entities)
        if (text.substr(1).starts_with(name) && text.size() > name.size() + 1 && text[name.size() + 1] == ';') {
            append_utf8(out, value);
            return name.size() + 2;
        }
    return 0;
}

void append_text(std::string& out, std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == '&')
            if (const auto used = append_entity(out, text.substr(i)); used > 0) {
                i += used;
                continue;
            }
        out += text[i++];
    }
}

// Tags that do not part words: "b<b>o</b>mb" is one.
bool is_within_words(std::string_view name) {
    constexpr std::string_view names[] = {"a",     "abbr", "b",      "big", "em",  "font", "i",   "ins", "mark", "s",
                                          "small", "span", "strong", "sub", "sup", "u",    "wbr", "bdi", "bdo"};
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// Attributes from behind a tag's name; returns where the tag has ended.
std::size_t read_attributes(std::string_view html, std::size_t at, std::string& words) {
    while (at < html.size() && html[at] != '>') {
        while (at < html.size() && (is_blank(html[at]) || html[at] == '/')) ++at;
        const auto begin = at;
        while (at < html.size() && !is_blank(html[at]) && html[at] != '=' && html[at] != '>' && html[at] != '/') ++at;
        const auto name = html.substr(begin, at - begin);
        while (at < html.size() && is_blank(html[at])) ++at;
        if (at >= html.size() || html[at] != '=') {
            if (at < html.size() && at == begin && html[at] != '>') ++at;
            continue;
        }
        ++at;
        while (at < html.size() && is_blank(html[at])) ++at;
        std::string_view value;
        if (at < html.size() && (html[at] == '"' || html[at] == '\'')) {
            const auto end = std::min(html.find(html[at], at + 1), html.size());
            value = html.substr(at + 1, end - at - 1);
            at = std::min(end + 1, html.size());
        } else {
            const auto end = std::min(html.find_first_of(" \t\n\r\f>", at), html.size());
            value = html.substr(at, end - at);
            at = end;
        }
        if ((name.size() == 7 && begins(name, "content")) || (name.size() == 3 && begins(name, "alt")) ||
            (name.size() == 5 && begins(name, "title"))) {
            words += ' ';
            append_text(words, value);
            words += ' ';
        }
    }
    return std::min(at + 1, html.size());
}

}  // namespace

std::string text_of_html(std::string_view html) {
    std::string out;
    out.reserve(html.size() / 2);
    for (std::size_t at = 0; at < html.size();) {
        const auto tag = std::min(html.find('<', at), html.size());
        append_text(out, html.substr(at, tag - at));
        at = tag;
        if (at == html.size()) break;
        const auto rest = html.substr(at);
        if (rest.starts_with("<!--")) {
            const auto end = html.find("-->", at + 4);
            at = end == std::string_view::npos ? html.size() : end + 3;
            continue;
        }
        std::size_t name_at = at + 1;
        if (name_at < html.size() && html[name_at] == '/') ++name_at;
        if (name_at >= html.size() || (!is_letter(html[name_at]) && html[name_at] != '!' && html[name_at] != '?')) {
            out += html[at++];  // "a < b"
            continue;
        }
        auto name_end = name_at;
        std::string name;
        while (name_end < html.size() && !is_blank(html[name_end]) && html[name_end] != '>' && html[name_end] != '/')
            name += lower(html[name_end++]);
        std::string words;
        at = read_attributes(html, name_end, words);
        if (!is_within_words(name)) out += ' ';
        out += words;
        // What is no text for people, up to its end tag.
        const bool is_end_tag = rest.size() > 1 && rest[1] == '/';
        if (!is_end_tag && (name == "script" || name == "style")) {
            const auto end = "</" + name;
            while (at < html.size() && !begins(html.substr(at), end)) {
                at = html.find('<', at + 1);
                if (at == std::string_view::npos) at = html.size();
            }
        }
    }
    return out;
}

}  // namespace hort
