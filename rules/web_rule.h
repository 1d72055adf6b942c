// WebRule: what a profile says of a part of the web that is smaller, or other, than a site: a page, what is searched
// for, what is loaded. It holds where the URL is visible: in plain HTTP, and in HTTPS that is looked into.
//
// As people write it: "page:example.org/forum" (and all below it), "search:how to cheat" (all of these words, in any
// order), "download:exe" (by the name's extension), "type:video/*" (by the media type, RFC 9110 section 8.3.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

namespace hort {

struct WebRule {
    enum class Kind : std::uint8_t { page, search, download, media_type };
    Kind kind = Kind::page;
    std::string text;  // without the prefix, in normal form

    // Does the text begin like one? Then parse() says what it is, or what is wrong with it.
    static bool is_meant(std::string_view subject);
    static Result<WebRule> parse(std::string_view subject);
    std::string subject() const;

    // REQUIRES: of the kind that is asked for.
    bool covers_page(std::string_view normal_url) const;
    bool covers_search(std::string_view folded, const std::vector<std::string_view>& words) const;
    bool covers_type(std::string_view media_type) const;
};

}  // namespace hort
