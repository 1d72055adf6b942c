// v2fly domain lists: `domain:` or a bare name (with all below it), `full:` (exact), `keyword:` (a part of the name),
// `regexp:`, `include:` another list; each with `@attributes`, by which an include may choose.
// Source: https://github.com/v2fly/domain-list-community (README, "Structure of data").
#include <algorithm>

#include "rules/ascii.h"
#include "rules/list_reader.h"

namespace hort::lists {
namespace {

bool holds(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

class V2flyReader final : public LineReader {
  public:
    V2flyReader(LineSink& sink, ListInclude only) : LineReader(sink), only_(std::move(only)) {}

    std::string read(std::string_view line) override {
        line = without_comment(line);
        if (line.empty()) return {};
        const auto item = take_word(line);
        ListInclude include;  // its attributes hold this line's
        while (!line.empty()) {
            const auto word = take_word(line);
            if (word.starts_with("@-"))
                include.not_attributes.push_back(lower(word.substr(2)));
            else if (word.starts_with('@'))
                include.attributes.push_back(lower(word.substr(1)));
            else if (!word.starts_with('&'))  // an affiliation: in which other lists it appears, too
                return "expected @attribute: '" + std::string(word.substr(0, 60)) + "'";
        }
        const auto colon = item.find(':');
        const auto kind = colon == std::string_view::npos ? std::string_view("domain") : item.substr(0, colon);
        const auto value = colon == std::string_view::npos ? item : item.substr(colon + 1);
        if (value.empty()) return "nothing after '" + std::string(kind) + ":'";
        if (kind == "include") {
            if (value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_!") !=
                std::string_view::npos)
                return "not the name of a list: '" + std::string(value.substr(0, 60)) + "'";
            include.name = lower(value);
            sink_.include(include);
            return {};
        }
        for (const auto& wanted : only_.attributes)
            if (!holds(include.attributes, wanted)) return left_out();
        for (const auto& unwanted : only_.not_attributes)
            if (holds(include.attributes, unwanted)) return left_out();
        if (kind == "domain" || kind == "full") {
            const auto host = kind == "domain" ? Hostname::parse(value) : parse_site(value);
            if (!host) return host.error().text();
            sink_.name(*host, kind == "full" ? Scope::exact : Scope::subtree);
            return {};
        }
        ListRule rule;
        rule.text = kind == "keyword" ? lower(value) : std::string(value);
        if (kind == "keyword")
            rule.kind = ListRule::Kind::keyword;
        else if (kind == "regexp")
            rule.kind = ListRule::Kind::expression;
        else
            return "not a kind of rule: '" + std::string(kind.substr(0, 40)) + ":'";
        sink_.rule(rule);
        return {};
    }

  private:
    std::string left_out() {
        sink_.skip();
        return {};
    }

    ListInclude only_;
};

}  // namespace

std::unique_ptr<LineReader> make_v2fly_reader(LineSink& sink, ListInclude only) {
    return std::make_unique<V2flyReader>(sink, std::move(only));
}

}  // namespace hort::lists
