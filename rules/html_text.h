// What a person reads of an HTML page: the text between tags with its entities resolved, without scripts and styles,
// and the words of attributes that say what something shows (content, alt, title). Passive, takes anything, one pass.
// Source: https://html.spec.whatwg.org/multipage/parsing.html, of which this is the part that matters for words.
#pragma once

#include <string>
#include <string_view>

namespace hort {

std::string text_of_html(std::string_view html);

}  // namespace hort
