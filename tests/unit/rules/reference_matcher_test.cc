// Random lists of every format, and random hosts: what `rules match` says and what the compiled ruleset says, against a
// reference that holds every rule against the host letter by letter. The reference shares no code with the product.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <regex>

#include "rules/list_matcher.h"

namespace hort {
namespace {

bool ends_below(const std::string& host, const std::string& name) {
    return host.size() > name.size() && host.substr(host.size() - name.size() - 1) == "." + name;
}

// One rule as its author meant it.
struct Meant {
    enum Shape { exact, subtree, below, part, expression, glob } shape = subtree;
    std::string name;
    bool is_exception = false, is_important = false, is_off = false;
    std::string only_type, only_client, not_below;  // conditions
    int list = 0;                                   // of those where the longest name decides; else -1

    bool holds(const std::string& host, const std::string& type, const std::string& client) const {
        if (is_off || (!only_type.empty() && only_type != type) || (!only_client.empty() && only_client != client))
            return false;
        if (!not_below.empty() && (host == not_below || ends_below(host, not_below))) return false;
        switch (shape) {
            case exact:
                return host == name;
            case subtree:
                return host == name || ends_below(host, name);
            case below:
                return ends_below(host, name);
            case part:
                return host.find(name) != std::string::npos;
            default:
                return std::regex_search(host, std::regex(name));
        }
    }
};

class Author {
  public:
    explicit Author(unsigned seed) : random_(seed) {}

    unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
    std::string label() {
        static const char* const labels[] = {"a", "b", "c", "a1", "b1", "ads", "x-y"};
        return labels[below(7)];
    }
    std::string name() {
        std::string out = label();
        for (auto labels = 1 + below(3); labels > 0; --labels) out = label() + "." + out;
        return out + ".example";
    }

    std::vector<Meant> meant;
    std::string text[12];  // by ListFormat

    void write_list(ListFormat format, unsigned lines) {
        for (; lines > 0; --lines) write_line(format, text[static_cast<int>(format)]);
    }

  private:
    Meant& mean(Meant::Shape shape, const std::string& name, bool is_exception = false, int list = -1) {
        Meant rule;
        rule.shape = shape;
        rule.name = name;
        rule.is_exception = is_exception;
        rule.list = list;
        meant.push_back(rule);
        return meant.back();
    }

    void write_line(ListFormat format, std::string& out) {
        const auto n = name();
        const bool is_exception = below(4) == 0;
        switch (format) {
            case ListFormat::hosts:
                mean(Meant::exact, n);
                out += (below(2) ? "0.0.0.0 " : "127.0.0.1\t") + n + (below(3) ? "\n" : " # why\n");
                return;
            case ListFormat::domains:
                if (below(3) == 0) {
                    // "*.name" in a plain list is the name's tree, like "name".
                    mean(Meant::subtree, n);
                    out += "*." + n + "\n";
                } else {
                    mean(Meant::subtree, n);
                    out += n + "\r\n";
                }
                return;
            case ListFormat::dstdomain: {
                const bool has_dot = below(2) == 0;
                mean(has_dot ? Meant::subtree : Meant::exact, n);
                out += (has_dot ? "." : "") + n + "\n";
                return;
            }
            case ListFormat::dnsmasq: {
                const auto other = name();
                mean(Meant::subtree, n, is_exception, 1);
                mean(Meant::subtree, other, is_exception, 1);
                out += (is_exception ? "server=/"
                        : below(2)   ? "local=/"
                                     : "address=/") +
                       n + "/" + other + "/" + (is_exception ? "#" : "") + "\n";
                return;
            }
            case ListFormat::unbound:
                mean(Meant::subtree, n, is_exception, 2);
                out += "local-zone: \"" + n + ".\" " + (is_exception ? "transparent" : "always_nxdomain") + "\n";
                return;
            case ListFormat::rpz: {
                const bool is_wild = below(2) == 0;
                mean(is_wild ? Meant::below : Meant::exact, n, is_exception, 3);
                out += (is_wild ? "*." : "") + n + " IN CNAME " +
                       (is_exception ? "rpz-passthru.\n"
                        : below(2)   ? ".\n"
                                     : "*.\n");
                return;
            }
            case ListFormat::adblock:
                write_adblock(n, is_exception, out);
                return;
            case ListFormat::v2fly: {
                const auto kind = below(4);
                mean(kind == 0   ? Meant::exact
                     : kind == 1 ? Meant::subtree
                     : kind == 2 ? Meant::part
                                 : Meant::expression,
                     kind == 2   ? label() + "." + label()
                     : kind == 3 ? "^" + label() + "[0-9]*\\.a\\."
                                 : n);
                static const char* const words[] = {"full:", "domain:", "keyword:", "regexp:"};
                out += words[kind] + meant.back().name + "\n";
                return;
            }
            case ListFormat::urls: {
                const bool has_path = below(3) == 0;
                if (!has_path) mean(Meant::exact, n);
                out += n + (has_path ? "/some/path\n" : "\n");
                return;
            }
            case ListFormat::expressions:
                // Expressions of squidGuard are about URLs: they say nothing of a host alone.
                out += "(casino|" + n + ")/.*\\.exe$\n";
                return;
            case ListFormat::csv:
                if (out.empty()) out = "id,url,note\n";
                if (below(3) == 0) {
                    out += "1,https://" + n + "/page,\"a, b\"\n";
                } else {
                    mean(Meant::exact, n);
                    out += "2,http://" + n + "/,x\n";
                }
                return;
            case ListFormat::networks:  // says nothing of names
                out += "192.0.2." + std::to_string(below(256)) + "\n198.51.100.0/24\n";
                return;
        }
    }

    void write_adblock(const std::string& n, bool is_exception, std::string& out) {
        const auto kind = below(7);
        std::string pattern;
        Meant* rule = nullptr;
        if (kind <= 1) {
            pattern = "||" + n + "^";
            rule = &mean(Meant::subtree, n, is_exception);
        } else if (kind == 2) {
            pattern = "|" + n + "^";
            rule = &mean(Meant::exact, n, is_exception);
        } else if (kind == 3) {
            pattern = "||*." + n + "^";
            rule = &mean(Meant::below, n, is_exception);
        } else if (kind == 4) {
            const auto a = label(), b = label();
            pattern = "||" + a + "*" + b + ".example^";
            rule = &mean(Meant::glob, "(^|\\.)" + a + ".*" + b + "\\.example$", is_exception);
        } else if (kind == 5) {
            pattern = "/^" + n.substr(0, n.find('.')) + "[0-9]?\\./";
            rule = &mean(Meant::expression, pattern.substr(1, pattern.size() - 2), is_exception);
        } else {
            pattern = n.substr(1, 9);
            rule = &mean(Meant::part, pattern, is_exception);
            pattern += "*";
            if (rule->name.size() < 3) return meant.pop_back();
        }
        std::string modifiers;
        const auto modify = [&](const std::string& word) { modifiers += (modifiers.empty() ? "$" : ",") + word; };
        if (below(4) == 0) modify("important"), rule->is_important = true;
        if (below(6) == 0) modify("dnstype=AAAA"), rule->only_type = "AAAA";
        if (below(6) == 0) modify("client=mia"), rule->only_client = "mia";
        if (below(6) == 0) rule->not_below = name(), modify("denyallow=" + rule->not_below);
        const auto line = (is_exception ? "@@" : "") + pattern + modifiers;
        out += line + "\n";
        if (below(8) == 0) {
            // Switches off every rule that is written like this one, before it and after it.
            out += line + (modifiers.empty() ? "$" : ",") + "badfilter\n";
            off_.push_back(line);
        }
        lines_.emplace_back(line, meant.size() - 1);
        for (const auto& [written, index] : lines_)
            if (std::find(off_.begin(), off_.end(), written) != off_.end()) meant[index].is_off = true;
    }

    std::mt19937 random_;
    std::vector<std::pair<std::string, std::size_t>> lines_;
    std::vector<std::string> off_;
};

// 0 none, 1 block, 2 allow.
int reference(const std::vector<Meant>& rules, const std::string& host, const std::string& type,
              const std::string& client) {
    std::vector<const Meant*> holding;
    for (const auto& rule : rules)
        if (rule.holds(host, type, client)) holding.push_back(&rule);
    int best = 0;
    for (const auto* rule : holding) {
        // In dnsmasq, unbound and RPZ a longer name of the same list decides; at the same name an exact owner does.
        const auto weight = [](const Meant& m) { return m.name.size() * 2 + (m.shape == Meant::exact ? 1 : 0); };
        const bool is_silent = rule->list >= 0 && std::any_of(holding.begin(), holding.end(), [&](const Meant* other) {
                                   return other->list == rule->list && weight(*other) > weight(*rule);
                               });
        if (!is_silent) best = std::max(best, (rule->is_important ? 3 : 1) + (rule->is_exception ? 1 : 0));
    }
    return best == 0 ? 0 : best % 2 == 1 ? 1 : 2;
}

void compare(unsigned first_seed, unsigned rounds, unsigned hosts) {
    const auto games = *Taxonomy::shipped().find("games");
    std::size_t count[3] = {};
    for (unsigned round = 0; round < rounds; ++round) {
        Author author(first_seed + round);
        ListMatcher matcher;
        RulesetCompiler compiler(Taxonomy::shipped(), {1, round});
        std::vector<std::string> warnings;
        for (std::size_t i = 0; i < list_format_names().size(); ++i) {
            const auto format = static_cast<ListFormat>(i);
            if ((format == ListFormat::expressions || format == ListFormat::v2fly || format == ListFormat::adblock) &&
                !ExpressionSet::is_available())
                continue;
            if (author.below(3) == 0) continue;
            author.write_list(format, author.below(8));
            const ListSource source{std::string(name_of(format)), format, games, {}};
            const auto report = matcher.add(source, author.text[i]);
            ASSERT_EQ(report.refused, 0u) << author.text[i] << report.problems[0];
            compile_list(compiler, source, author.text[i], {}, warnings);
        }
        matcher.finish();
        const auto opened = Ruleset::open(image_in_memory(*compiler.finish(0)), Taxonomy::shipped());
        ASSERT_TRUE(opened) << opened.error().text();
        for (unsigned i = 0; i < hosts; ++i) {
            const auto host = author.name();
            const std::string type = author.below(3) == 0 ? "AAAA" : "A", client = author.below(3) == 0 ? "mia" : "";
            const auto expected = reference(author.meant, host, type, client);
            ++count[expected];
            const auto text = [&] {
                std::string out = host + " " + type + " " + client + "\n";
                for (const auto& list : author.text) out += list + "\n";
                return out;
            };
            const auto parsed = *Hostname::parse(host);
            const auto number = lists::dns_type(type);
            const auto answer = matcher.match({parsed, number, client});
            ASSERT_EQ(static_cast<int>(answer.verdict), expected) << answer.rule << " of " << text();
            const std::string_view who = client;
            const auto match =
                (*opened)->lookup({parsed, number, std::span(&who, who.empty() ? 0u : 1u), {}}, CategorySet::of(games));
            ASSERT_EQ(!match.categories.empty(), expected == 1) << "compiled, of " << text();
        }
    }
    const auto total = std::size_t{rounds} * hosts;
    for (const auto n : count) EXPECT_GT(n, total / 100) << "the hosts are too much alike to test anything";
}

TEST(RulesMatch, AgreesWithTheReferenceOverAHundredThousandHosts) { compare(20261124, 400, 250); }

}  // namespace
}  // namespace hort
