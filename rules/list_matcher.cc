#include "rules/list_matcher.h"

#include "rules/essential_allow.h"
#include "rules/protected_help.h"

namespace hort {

ListReport ListMatcher::add(const ListSource& source, const std::string& content, const ListIncluder& include) {
    const auto latest = [&] { return static_cast<std::uint32_t>(lists_.size() - 1); };
    IntakeSinks sinks;
    sinks.begin = [&](const std::string& name, const std::string& text) {
        const auto format = name == source.name ? source.format : ListFormat::v2fly;
        std::vector<std::uint32_t> starts = {text.starts_with("\xef\xbb\xbf") ? 3u : 0u};
        for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', end + 1))
            starts.push_back(static_cast<std::uint32_t>(end + 1));
        lists_.push_back({name, text, format, std::move(starts)});
        book_.add_list(most_specific_wins(format));
    };
    sinks.name = [&](const Hostname& host, Scope scope, std::uint32_t line) {
        book_.add_name(latest(), line, host.text(), kind_of(scope));
    };
    sinks.rule = [&](const ListRule& rule, std::uint32_t line) { return book_.add(latest(), line, rule); };
    sinks.warning = [&](std::string text) { warnings_.push_back(std::move(text)); };
    return take_list(source, content, include, sinks);
}

void ListMatcher::finish() { book_.finish(); }

ListMatcher::Answer ListMatcher::answer(const RuleBook::Rule& rule, Verdict verdict) const {
    const auto& list = lists_[rule.list];
    auto line = std::string_view(list.content).substr(list.line_starts[rule.line - 1]);
    line = lists::trim(line.substr(0, line.find('\n')));
    if (list.format != ListFormat::adblock && list.format != ListFormat::dnsmasq) line = lists::without_comment(line);
    return {verdict, std::string(line), list.name + ":" + std::to_string(rule.line)};
}

ListMatcher::Answer ListMatcher::match(const Question& question) const {
    if (ProtectedHelp::shipped().contains(question.host)) return {Verdict::allow, "protected help", "built-in"};
    std::vector<const RuleBook::Rule*> found;
    const std::string_view client = question.client;
    book_.find({question.host, question.type, std::span(&client, client.empty() ? 0u : 1u), {}}, found);
    book_.silence(found);
    const auto* best = book_.best(found, [](const RuleBook::Rule&) { return true; });
    if (best == nullptr) return {};
    if (best->effect != ListRule::Effect::block) return answer(*best, Verdict::allow);
    if (EssentialAllow::shipped().contains(question.host)) return {Verdict::allow, "essential", "built-in"};
    return answer(*best, Verdict::block);
}

}  // namespace hort
