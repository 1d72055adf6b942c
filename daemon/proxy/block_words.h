// BlockWords: what the page of a blocked site says, in the languages and for the ages that there are words for. The
// data: rules/data/block_page.json.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/category.h"
#include "rules/decision.h"

namespace hort::proxy {

class BlockWords {
  public:
    struct Text {
        std::string young, older;
        const std::string& for_tier(Tier tier) const { return tier <= Tier::age_7_11 ? young : older; }
    };
    struct Language {
        Text title, heading, until, ask, ask_time, help;
        Text ask_elsewhere;  // instead, where it is not known who the reader is
        Text asked, not_asked;
        std::string why, minutes, send, back;  // on the form and behind it
        std::string at, on, phone;
        std::vector<std::string> days;      // Monday first
        std::map<Reason, Text> reason;      // of every reason to block
        std::map<WebRule::Kind, Text> web;  // of a rule that speaks of no site: a search, a download, a media type
        Text within;                        // a site shows another one that is blocked
        struct {
            Text title, heading, nothing, only_you, unknown;
        } lately;  // the page of what was refused
    };

    // The error names the language and the text that is missing.
    static Result<BlockWords> parse(std::string_view json);
    static const BlockWords& shipped();

    // The one that a browser prefers (Accept-Language, RFC 9110 section 12.5.4); English where it knows none of ours.
    // Returns its tag ("de") and its words.
    const std::pair<const std::string, Language>& language(std::string_view accepted) const;

  private:
    std::map<std::string, Language> languages_;
};

// Puts values in for "{name}"; a name without a value stays.
std::string fill_in(std::string text, const std::map<std::string, std::string>& values);

}  // namespace hort::proxy
