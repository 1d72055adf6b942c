#include "rules/list_matcher.h"

#include <algorithm>

#include "rules/protected_help.h"
#include "rules/public_suffix.h"

namespace hort {
namespace {

std::uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>()(text); }

bool is_or_is_below(std::string_view host, std::string_view name) {
    return host.ends_with(name) && (host.size() == name.size() || host[host.size() - name.size() - 1] == '.');
}

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

// Platforms' suffixes are what these categories are made of.
bool is_about_platforms(const std::optional<Category>& category) {
    if (!category) return false;
    const auto& id = Taxonomy::shipped().entries()[*category].id;
    return id == "dynamic_dns" || id == "file_hosting" || id == "forums_blogs" || id == "url_shortener" ||
           id == "vpn_proxy" || id == "doh_bypass";
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

ListReport ListMatcher::add(const Source& source, std::string content, const Include& include) {
    ListReport report;
    lists_.push_back({source.name, std::move(content), source.format, source.category, source.scope, {}});
    read(static_cast<std::uint32_t>(lists_.size() - 1), report, {}, include, 0);
    return report;
}

void ListMatcher::read(std::uint32_t list, ListReport& report, const ListInclude& only, const Include& include,
                       int depth) {
    constexpr int max_depth = 16;
    struct Wanted {
        ListInclude include;
        std::uint32_t line;
    };
    std::vector<Wanted> wanted;
    const auto problem = [&](std::uint32_t line, const std::string& what) {
        ++report.refused;
        if (report.problems.size() < ListReport::max_problems)
            report.problems.push_back(std::to_string(line) + ": " + what);
    };
    const std::string content = lists_[list].content;  // lists_ may grow while it is read
    auto& starts = lists_[list].line_starts;
    starts.push_back(content.starts_with("\xef\xbb\xbf") ? 3 : 0);
    for (auto end = content.find('\n'); end != std::string::npos; end = content.find('\n', end + 1))
        starts.push_back(static_cast<std::uint32_t>(end + 1));
    auto part = read_list(content, lists_[list].format,
                          {.name = [&](const ListEntry& entry) { put_name(list, entry.line, entry.host, entry.scope); },
                           .rule = [&](const ListRule& rule, std::uint32_t line) { put(list, line, rule, report); },
                           .include =
                               [&](const ListInclude& what, std::uint32_t line) {
                                   wanted.push_back({what, line});
                               },
                           .only = only});
    report.accepted += part.accepted;
    report.skipped += part.skipped;
    report.refused += part.refused;
    for (auto& text : part.problems)
        if (report.problems.size() < ListReport::max_problems) report.problems.push_back(std::move(text));
    for (const auto& [what, line] : wanted) {
        auto text = include && depth < max_depth ? include(what.name) : std::nullopt;
        if (!text) {
            problem(line, depth < max_depth ? "include:" + what.name + ": there is no such list beside this one"
                                            : "include:" + what.name + ": nested more than 16 deep");
            continue;
        }
        const auto slash = lists_[list].name.find_last_of("/\\");
        const auto folder = slash == std::string::npos ? std::string() : lists_[list].name.substr(0, slash + 1);
        lists_.push_back(
            {folder + what.name, *std::move(text), ListFormat::v2fly, lists_[list].category, lists_[list].scope, {}});
        read(static_cast<std::uint32_t>(lists_.size() - 1), report, what, include, depth + 1);
    }
}

void ListMatcher::put_name(std::uint32_t list, std::uint32_t line, const Hostname& host, Scope scope) {
    if (lists_[list].scope) scope = *lists_[list].scope;
    if (scope == Scope::subtree) {
        const auto suffix = public_suffix(host);
        if (suffix == PublicSuffix::registry ||
            (suffix == PublicSuffix::platform && !is_about_platforms(lists_[list].category))) {
            scope = Scope::exact;
            if (warnings_.size() < 1000)
                warnings_.push_back(lists_[list].name + ":" + std::to_string(line) + ": " + std::string(host.text()) +
                                    " is a public suffix: only the name itself is taken, not all below it");
        }
    }
    Stored stored{};
    stored.list = list;
    stored.line = line;
    stored.text_at = static_cast<std::uint32_t>(texts_.size());
    stored.text_size = static_cast<std::uint32_t>(host.text().size());
    stored.conditions = stored.expression = -1;
    stored.kind = scope == Scope::exact ? ListRule::Kind::exact : ListRule::Kind::subtree;
    stored.effect = ListRule::Effect::block;
    texts_ += host.text();
    by_name_.emplace_back(hash_of(host.text()), static_cast<std::uint32_t>(rules_.size()));
    rules_.push_back(stored);
}

void ListMatcher::put(std::uint32_t list, std::uint32_t line, const ListRule& rule, ListReport& report) {
    using Kind = ListRule::Kind;
    const auto signature = rule.signature.empty() ? 0 : hash_of(rule.signature);
    if (rule.kind == Kind::badfilter) {
        badfilters_.insert(signature);
        return;
    }
    if (rule.kind == Kind::url) return;  // says nothing of a host
    Stored stored{};
    stored.list = list;
    stored.line = line;
    stored.conditions = stored.expression = -1;
    stored.kind = rule.kind;
    stored.effect = rule.effect;
    stored.is_important = rule.is_important;
    stored.is_rewrite = rule.is_rewrite || rule.effect == ListRule::Effect::rewrite;
    stored.signature = signature;
    const bool is_name = rule.kind == Kind::exact || rule.kind == Kind::subtree || rule.kind == Kind::below;
    if (is_name && rule.effect == ListRule::Effect::block && rule.kind != Kind::exact) {
        const auto host = Hostname::parse(rule.text);
        const auto suffix = host ? public_suffix(*host) : PublicSuffix::none;
        if (suffix == PublicSuffix::registry ||
            (suffix == PublicSuffix::platform && !is_about_platforms(lists_[list].category))) {
            if (warnings_.size() < 1000)
                warnings_.push_back(lists_[list].name + ":" + std::to_string(line) + ": " + rule.text +
                                    " is a public suffix: only the name itself is taken, not all below it");
            stored.kind = Kind::exact;
        }
    }
    if (rule.kind == Kind::expression) {
        auto compiled = Expression::compile(rule.text);
        if (!compiled) {
            ++report.refused;
            --report.accepted;
            if (report.problems.size() < ListReport::max_problems)
                report.problems.push_back(std::to_string(line) + ": " + compiled.error().text());
            return;
        }
        stored.expression = static_cast<std::int32_t>(expressions_.size());
        expressions_.push_back(*std::move(compiled));
    }
    if (rule.has_conditions() || !rule.rewrite.empty()) {
        stored.conditions = static_cast<std::int32_t>(conditions_.size());
        conditions_.push_back(
            {rule.not_below, rule.types, rule.not_types, rule.clients, rule.not_clients, rule.rewrite});
    }
    stored.text_at = static_cast<std::uint32_t>(texts_.size());
    stored.text_size = static_cast<std::uint32_t>(rule.text.size());
    texts_ += rule.text;
    const auto index = static_cast<std::uint32_t>(rules_.size());
    rules_.push_back(stored);
    if (is_name)
        by_name_.emplace_back(hash_of(rule.text), index);
    else
        searched_.push_back(index);
}

void ListMatcher::finish() { std::sort(by_name_.begin(), by_name_.end()); }

bool ListMatcher::holds(const Stored& rule, const Question& question) const {
    if (rule.signature != 0 && badfilters_.contains(rule.signature)) return false;
    if (rule.conditions < 0) return true;
    const auto& c = conditions_[static_cast<std::size_t>(rule.conditions)];
    for (const auto& name : c.not_below)
        if (is_or_is_below(question.host.text(), name)) return false;
    if (!c.types.empty() && !contains(c.types, question.type)) return false;
    if (contains(c.not_types, question.type)) return false;
    if (!c.clients.empty() && (question.client.empty() || !contains(c.clients, question.client))) return false;
    return question.client.empty() || !contains(c.not_clients, question.client);
}

ListMatcher::Answer ListMatcher::answer(const Stored& rule, Verdict verdict) const {
    const auto& list = lists_[rule.list];
    auto line = std::string_view(list.content).substr(list.line_starts[rule.line - 1]);
    line = lists::trim(line.substr(0, line.find('\n')));
    if (list.format != ListFormat::adblock && list.format != ListFormat::dnsmasq) line = lists::without_comment(line);
    return {verdict, std::string(line), list.name + ":" + std::to_string(rule.line)};
}

ListMatcher::Answer ListMatcher::match(const Question& question) const {
    using Kind = ListRule::Kind;
    using Effect = ListRule::Effect;
    if (const auto& help = ProtectedHelp::shipped(); help.contains(question.host))
        return {Verdict::allow, "protected help", "built-in"};

    std::vector<const Stored*> found;
    const auto host = question.host.text();
    for (int labels = question.host.label_count(); labels > 0; --labels) {
        const auto suffix = question.host.suffix(labels);
        const bool is_whole = suffix.size() == host.size();
        const auto hash = hash_of(suffix);
        for (auto it = std::lower_bound(by_name_.begin(), by_name_.end(), std::make_pair(hash, std::uint32_t{0}));
             it != by_name_.end() && it->first == hash; ++it) {
            const auto& rule = rules_[it->second];
            if (text_of(rule) != suffix) continue;
            if (is_whole ? rule.kind == Kind::below : rule.kind == Kind::exact) continue;
            if (holds(rule, question)) found.push_back(&rule);
        }
    }
    for (const auto index : searched_) {
        const auto& rule = rules_[index];
        const auto text = text_of(rule);
        const bool matches = rule.kind == Kind::keyword ? host.find(text) != std::string_view::npos
                             : rule.kind == Kind::expression
                                 ? expressions_[static_cast<std::size_t>(rule.expression)]->is_found_in(host)
                             : text.empty() ? true
                                            : pattern_matches(text, host);
        if (matches && holds(rule, question)) found.push_back(&rule);
    }

    // Where the longest name decides, the shorter ones of that list say nothing.
    const auto length = [](const Stored& rule) { return rule.text_size * 4 + (rule.kind == Kind::exact ? 2u : 0u); };
    const auto all = found;
    std::erase_if(found, [&](const Stored* rule) {
        if (!most_specific_wins(lists_[rule->list].format)) return false;
        return std::any_of(all.begin(), all.end(), [&](const Stored* other) {
            return other->list == rule->list && length(*other) > length(*rule);
        });
    });
    const auto value_of = [&](const Stored& rule) {
        return rule.conditions < 0 ? std::string() : conditions_[static_cast<std::size_t>(rule.conditions)].rewrite;
    };
    const auto rank = [&](const Stored& rule) {
        const int important = rule.is_important ? 2 : 0;
        if (rule.effect == Effect::allow_rewrite) return 0;
        if (rule.signature != 0 && rule.is_rewrite) {
            for (const auto* other : found)
                if (other->effect == Effect::allow_rewrite &&
                    (value_of(*other).empty() || value_of(*other) == value_of(rule)))
                    return 0;
            return 7;
        }
        return rule.effect == Effect::block ? 3 + important : 4 + important;
    };
    const Stored* best = nullptr;
    int best_rank = 0;
    for (const auto* rule : found) {
        const int r = rank(*rule);
        if (r > best_rank || (r == best_rank && best != nullptr &&
                              std::make_pair(rule->list, rule->line) < std::make_pair(best->list, best->line)))
            best = rule, best_rank = r;
    }
    if (best == nullptr || best_rank == 0) return {};
    return answer(*best, best->effect == Effect::block ? Verdict::block : Verdict::allow);
}

}  // namespace hort
