#include "daemon/proxy/block_words.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "rules/ascii.h"
#include "rules/data/shipped.h"

namespace hort::proxy {
namespace {

using nlohmann::json;

constexpr std::pair<const char*, Reason> reasons[] = {
    {"pause", Reason::pause},       {"own_rule", Reason::own_rule}, {"schedule", Reason::schedule},
    {"break", Reason::break_time},  {"budget", Reason::budget},     {"bypass", Reason::bypass},
    {"category", Reason::category}, {"content", Reason::content},   {"not_on_list", Reason::not_on_list}};

constexpr std::pair<const char*, WebRule::Kind> web_kinds[] = {
    {"search", WebRule::Kind::search}, {"download", WebRule::Kind::download}, {"type", WebRule::Kind::media_type}};

BlockWords::Text read_text(const json& value) {
    return {value.at("young").get<std::string>(), value.at("older").get<std::string>()};
}

BlockWords::Language read_language(const json& value) {
    BlockWords::Language out;
    out.title = read_text(value.at("title"));
    out.heading = read_text(value.at("heading"));
    out.until = read_text(value.at("until"));
    out.ask = read_text(value.at("ask"));
    out.ask_time = read_text(value.at("ask_time"));
    out.ask_elsewhere = read_text(value.at("ask_elsewhere"));
    out.asked = read_text(value.at("asked"));
    out.not_asked = read_text(value.at("not_asked"));
    out.why = value.at("form").at("why").get<std::string>();
    out.minutes = value.at("form").at("minutes").get<std::string>();
    out.send = value.at("form").at("send").get<std::string>();
    out.back = value.at("form").at("back").get<std::string>();
    out.help = read_text(value.at("help"));
    out.at = value.at("at").get<std::string>();
    out.on = value.at("on").get<std::string>();
    out.phone = value.at("phone").get<std::string>();
    out.days = value.at("days").get<std::vector<std::string>>();
    for (const auto& [name, kind] : web_kinds) out.web[kind] = read_text(value.at("why").at(name));
    out.within = read_text(value.at("why").at("within"));
    const auto& lately = value.at("lately");
    out.lately = {read_text(lately.at("title")), read_text(lately.at("heading")), read_text(lately.at("nothing")),
                  read_text(lately.at("only_you")), read_text(lately.at("unknown"))};
    for (const auto& [name, reason] : reasons) out.reason[reason] = read_text(value.at("why").at(name));
    return out;
}

// The quality of "de;q=0.8", in thousandths.
int quality_of(std::string_view item) {
    const auto at = item.find("q=");
    if (at == std::string_view::npos) return 1000;
    const auto value = item.substr(at + 2);
    if (!value.starts_with("0.")) return value.starts_with('1') ? 1000 : 0;
    int out = 0;
    for (std::size_t i = 2; i < 5; ++i)
        out = out * 10 + (i < value.size() && value[i] >= '0' && value[i] <= '9' ? value[i] - '0' : 0);
    return out;
}

}  // namespace

Result<BlockWords> BlockWords::parse(std::string_view text) {
    const auto parsed = json::parse(text, nullptr, false, true);
    if (!parsed.is_object() || !parsed.contains("languages") || !parsed["languages"].contains("en"))
        return Error{"not the words of a blocked page", {}, "expected an object \"languages\" with \"en\""};
    BlockWords out;
    for (const auto& [tag, value] : parsed["languages"].items()) {
        try {
            out.languages_[tag] = read_language(value);
        } catch (const json::exception& fault) {
            return Error{"a text is missing", tag, fault.what()};
        }
        if (out.languages_[tag].days.size() != 7) return Error{"a week has seven days", tag, {}};
    }
    return out;
}

const BlockWords& BlockWords::shipped() {
    static const BlockWords words = [] {
        auto parsed = parse(data::block_page_json);
        if (!parsed) throw std::logic_error("rules/data/block_page.json: " + parsed.error().text());
        return *std::move(parsed);
    }();
    return words;
}

const std::pair<const std::string, BlockWords::Language>& BlockWords::language(std::string_view accepted) const {
    auto best = languages_.find("en");
    int best_quality = 0;
    while (!accepted.empty()) {
        const auto comma = accepted.find(',');
        auto item = accepted.substr(0, comma);
        accepted.remove_prefix(comma == std::string_view::npos ? accepted.size() : comma + 1);
        while (item.starts_with(' ')) item.remove_prefix(1);
        const auto end = item.find_first_of(";- ");
        const auto tag = lower(item.substr(0, end));
        const auto found = languages_.find(tag);
        const int quality = quality_of(item);
        if (found == languages_.end() || quality <= best_quality) continue;
        best = found;
        best_quality = quality;
    }
    return *best;
}

std::string fill_in(std::string text, const std::map<std::string, std::string>& values) {
    for (const auto& [name, value] : values) {
        const auto key = "{" + name + "}";
        for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at + value.size()))
            text.replace(at, key.size(), value);
    }
    return text;
}

}  // namespace hort::proxy
