#include "rules/rule_book.h"

#include <algorithm>

namespace hort {
namespace {

using Kind = ListRule::Kind;
using Effect = ListRule::Effect;

std::uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>()(text); }

template <typename List, typename Item>
bool contains(const List& list, const Item& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

// `*` is anything, `^` and `|` the end.
bool glob(std::string_view pattern, std::string_view text) {
    std::size_t p = 0, t = 0, star = std::string_view::npos, star_text = 0;
    for (;;) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_text = t;
        } else if (p < pattern.size() && (pattern[p] == '^' || pattern[p] == '|') && t == text.size()) {
            ++p;
        } else if (p < pattern.size() && t < text.size() && pattern[p] == text[t]) {
            ++p, ++t;
        } else if (p == pattern.size() && t == text.size()) {
            return true;
        } else if (star != std::string_view::npos && star_text < text.size()) {
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
}

std::string quoted(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

// The same pattern as a regular expression, so that thousands are searched for at once.
std::string expression_of_pattern(std::string_view pattern) {
    std::string out;
    if (pattern.starts_with("||")) {
        out = "(?:^|\\.)";
        pattern.remove_prefix(2);
    } else if (pattern.starts_with('|')) {
        out = "^";
        pattern.remove_prefix(1);
    }
    for (const char c : pattern) {
        if (c == '*')
            out += ".*";
        else if (c == '^' || c == '|')
            out += '$';
        else
            out += quoted(std::string_view(&c, 1));
    }
    return out;
}

}  // namespace

bool pattern_matches(std::string_view pattern, std::string_view host) {
    std::string body;
    const bool at_label = pattern.starts_with("||"), at_start = !at_label && pattern.starts_with('|');
    pattern.remove_prefix(at_label ? 2 : at_start ? 1 : 0);
    if (!at_label && !at_start) body = "*";
    body += pattern;
    if (!pattern.ends_with('^') && !pattern.ends_with('|')) body += '*';
    if (glob(body, host)) return true;
    if (at_label)
        for (auto dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.', dot + 1))
            if (glob(body, host.substr(dot + 1))) return true;
    return false;
}

std::uint32_t RuleBook::add_list(bool longest_decides) {
    longest_decides_.push_back(longest_decides);
    return static_cast<std::uint32_t>(longest_decides_.size() - 1);
}

void RuleBook::put_text(Rule& rule, std::string_view text) {
    rule.text_at = static_cast<std::uint32_t>(texts_.size());
    rule.text_size = static_cast<std::uint32_t>(text.size());
    texts_ += text;
}

void RuleBook::add_name(std::uint32_t list, std::uint32_t line, std::string_view name, Kind kind) {
    Rule rule{};
    rule.list = list;
    rule.line = line;
    rule.conditions = -1;
    rule.kind = kind;
    rule.effect = Effect::block;
    put_text(rule, name);
    by_name_.emplace_back(hash_of(name), static_cast<std::uint32_t>(rules_.size()));
    rules_.push_back(rule);
}

Status RuleBook::add(std::uint32_t list, std::uint32_t line, const ListRule& given) {
    const auto signature = given.signature.empty() ? 0 : hash_of(given.signature);
    if (given.kind == Kind::badfilter) {
        badfilters_.insert(signature);
        return Done{};
    }
    if (given.kind == Kind::url || given.kind == Kind::network) return Done{};  // found by path or address, not here
    Rule rule{};
    rule.list = list;
    rule.line = line;
    rule.conditions = -1;
    rule.kind = given.kind;
    rule.effect = given.effect;
    rule.is_important = given.is_important;
    rule.is_rewrite = given.is_rewrite || given.effect == Effect::rewrite;
    rule.signature = signature;
    const auto index = static_cast<std::uint32_t>(rules_.size());
    switch (given.kind) {
        case Kind::expression:
        case Kind::url_expression: {
            if (auto checked = ExpressionSet::check(given.text); !checked) return checked;
            const bool is_url = given.kind == Kind::url_expression;
            (is_url ? url_searched_ : host_searched_).push_back(index);
            (is_url ? url_expressions_ : host_expressions_).push_back(given.text);
            break;
        }
        case Kind::keyword:
        case Kind::pattern:
            if (given.text.empty()) {
                always_.push_back(index);
            } else if (ExpressionSet::is_available()) {
                host_searched_.push_back(index);
                host_expressions_.push_back(given.kind == Kind::keyword ? quoted(given.text)
                                                                        : expression_of_pattern(given.text));
            } else {
                patterns_.push_back(index);
            }
            break;
        default:
            by_name_.emplace_back(hash_of(given.text), index);
    }
    if (given.has_conditions() || !given.rewrite.empty()) {
        rule.conditions = static_cast<std::int32_t>(conditions_.size());
        conditions_.push_back(
            {given.not_below, given.types, given.not_types, given.clients, given.not_clients, given.rewrite});
    }
    put_text(rule, given.text);
    rules_.push_back(rule);
    return Done{};
}

void RuleBook::finish() {
    std::sort(by_name_.begin(), by_name_.end());
    std::size_t bits = 64;
    while (bits < by_name_.size() * 8) bits *= 2;
    name_filter_.assign(bits / 64, 0);
    for (const auto& [hash, rule] : by_name_) name_filter_[(hash % bits) / 64] |= std::uint64_t{1} << hash % 64;
    if (!host_expressions_.empty()) host_set_ = ExpressionSet::compile(host_expressions_);
    if (!url_expressions_.empty()) url_set_ = ExpressionSet::compile(url_expressions_);
    host_expressions_ = {};
    url_expressions_ = {};
}

bool RuleBook::holds(const Rule& rule, const Question& question) const {
    if (rule.signature != 0 && badfilters_.contains(rule.signature)) return false;
    if (rule.conditions < 0) return true;
    const auto& c = conditions_[static_cast<std::size_t>(rule.conditions)];
    for (const auto& name : c.not_below)
        if (question.host.is_or_is_below(name)) return false;
    if (!c.types.empty() && !contains(c.types, question.type)) return false;
    if (contains(c.not_types, question.type)) return false;
    const auto is_asking = [&](const std::string& who) { return contains(question.clients, who); };
    if (!c.clients.empty() && std::none_of(c.clients.begin(), c.clients.end(), is_asking)) return false;
    return std::none_of(c.not_clients.begin(), c.not_clients.end(), is_asking);
}

void RuleBook::find(const Question& question, std::vector<const Rule*>& found) const {
    const auto put = [&](std::uint32_t index) {
        if (holds(rules_[index], question)) found.push_back(&rules_[index]);
    };
    const auto host = question.host.text();
    for (std::size_t begin = 0; !by_name_.empty() && begin < host.size();) {
        const auto suffix = host.substr(begin);
        const auto hash = hash_of(suffix);
        if ((name_filter_[hash % (name_filter_.size() * 64) / 64] >> hash % 64 & 1) != 0)
            for (auto it = std::lower_bound(by_name_.begin(), by_name_.end(), std::make_pair(hash, std::uint32_t{0}));
                 it != by_name_.end() && it->first == hash; ++it) {
                const auto& rule = rules_[it->second];
                if (text_of(rule) != suffix) continue;
                if (begin == 0 ? rule.kind == Kind::below : rule.kind == Kind::exact) continue;
                put(it->second);
            }
        const auto dot = host.find('.', begin);
        begin = dot == std::string_view::npos ? host.size() : dot + 1;
    }
    for (const auto index : always_) put(index);
    for (const auto index : patterns_) {
        const auto text = text_of(rules_[index]);
        if (rules_[index].kind == Kind::keyword ? host.find(text) != std::string_view::npos
                                                : pattern_matches(text, host))
            put(index);
    }
    std::vector<std::uint32_t> numbers;
    if (host_set_) host_set_->search(host, numbers);
    for (const auto number : numbers) put(host_searched_[number]);
    numbers.clear();
    // A host without a path is a URL, too: that is all that DNS and CONNECT show of one.
    if (url_set_) url_set_->search(host, numbers);
    if (url_set_ && !question.url.empty()) url_set_->search(question.url, numbers);
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    for (const auto number : numbers) put(url_searched_[number]);
}

void RuleBook::silence(std::vector<const Rule*>& found) const {
    const auto length = [](const Rule& rule) { return rule.text_size * 4 + (rule.kind == Kind::exact ? 2u : 0u); };
    const auto all = found;
    std::erase_if(found, [&](const Rule* rule) {
        if (!longest_decides_[rule->list]) return false;
        return std::any_of(all.begin(), all.end(), [&](const Rule* other) {
            return other->list == rule->list && length(*other) > length(*rule);
        });
    });
}

int RuleBook::rank(const Rule& rule, const std::vector<const Rule*>& found) const {
    const auto value_of = [&](const Rule& r) {
        return r.conditions < 0 ? std::string() : conditions_[static_cast<std::size_t>(r.conditions)].rewrite;
    };
    const int important = rule.is_important ? 2 : 0;
    if (rule.effect == Effect::allow_rewrite) return 0;
    if (rule.signature != 0 && rule.is_rewrite) {
        for (const auto* other : found)
            if (other->effect == Effect::allow_rewrite &&
                (value_of(*other).empty() || value_of(*other) == value_of(rule)))
                return 0;
        return 7;
    }
    return rule.effect == Effect::block ? plain_rank + important : plain_rank + 1 + important;
}

}  // namespace hort
