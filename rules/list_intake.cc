#include "rules/list_intake.h"

#include <unordered_set>

#include "rules/list_guard.h"
#include "rules/url_path.h"

namespace hort {
namespace {

constexpr int max_include_depth = 16;
constexpr int max_includes = 4096;  // in all: lists that include each other twice a level would never end
constexpr std::size_t max_warnings = 1000;

class Intake {
  public:
    Intake(const ListSource& source, const ListIncluder& include, const IntakeSinks& sinks)
        : source_(source), include_(include), sinks_(sinks) {}

    void read(const std::string& name, const std::string& content, const ListInclude& only, int depth) {
        struct Wanted {
            ListInclude include;
            std::uint32_t line;
        };
        std::vector<Wanted> wanted;
        name_ = name;
        if (sinks_.begin) sinks_.begin(name, content);
        auto part = read_list(content, depth == 0 ? source_.format : ListFormat::v2fly,
                              {.name = [&](const ListEntry& e) { take_name(e.host, e.scope, e.line); },
                               .rule = [&](const ListRule& rule, std::uint32_t line) { take_rule(rule, line); },
                               .include =
                                   [&](const ListInclude& w, std::uint32_t line) {
                                       wanted.push_back({w, line});
                                   },
                               .only = only});
        report.accepted += part.accepted;
        report.skipped += part.skipped;
        report.refused += part.refused;
        for (auto& text : part.problems)
            if (report.problems.size() < ListReport::max_problems) report.problems.push_back(std::move(text));
        for (const auto& [what, line] : wanted) {
            const char* fault = depth >= max_include_depth   ? ": nested more than 16 deep"
                                : ++includes_ > max_includes ? ": more than 4,096 lists are included"
                                                             : nullptr;
            auto text = include_ && fault == nullptr ? include_(what.name) : std::nullopt;
            if (!text) {
                refuse(line,
                       "include:" + what.name + (fault != nullptr ? fault : ": there is no such list beside this one"));
                continue;
            }
            const auto slash = name.find_last_of("/\\");
            const auto folder = slash == std::string::npos ? std::string() : name.substr(0, slash + 1);
            read(folder + what.name, *text, what, depth + 1);
        }
    }

    ListReport report;

  private:
    void refuse(std::uint32_t line, const std::string& what) {
        ++report.refused;
        if (report.problems.size() < ListReport::max_problems)
            report.problems.push_back(std::to_string(line) + ": " + what);
    }

    void warn(std::uint32_t line, std::string_view host, std::string_view why) {
        if (sinks_.warning && warnings_++ < max_warnings)
            sinks_.warning(name_ + ":" + std::to_string(line) + ": " + std::string(host) + " " + std::string(why));
    }

    void take_name(const Hostname& host, Scope scope, std::uint32_t line) {
        const auto guarded = guard(host, source_.scope.value_or(scope), source_.category);
        if (!guarded.why.empty()) warn(line, host.text(), guarded.why);
        if (guarded.scope) sinks_.name(host, *guarded.scope, line);
    }

    void take_rule(const ListRule& rule, std::uint32_t line) {
        auto taken = rule;
        if (const auto scope = scope_of(rule.kind); scope && rule.effect == ListRule::Effect::block) {
            if (const auto host = Hostname::parse(rule.text)) {
                const auto guarded = guard(*host, *scope, source_.category);
                if (!guarded.why.empty()) warn(line, rule.text, guarded.why);
                if (!guarded.scope) return;
                taken.kind = kind_of(*guarded.scope);
            }
        }
        if (const auto done = sinks_.rule(taken, line); !done) {
            --report.accepted;
            refuse(line, done.error().text());
        }
    }

    const ListSource& source_;
    const ListIncluder& include_;
    const IntakeSinks& sinks_;
    std::string name_;
    int includes_ = 0;
    std::size_t warnings_ = 0;
};

// Names that touch an exception of their own list: equal to one, above one, or below one. Where the longest name
// decides, only these need to be weighed against the exceptions.
class Touched {
  public:
    void add(std::string_view exception) {
        exceptions_.emplace(exception);
        for (auto dot = exception.find('.'); dot != std::string_view::npos; dot = exception.find('.', dot + 1))
            above_.emplace(exception.substr(dot + 1));
    }
    bool empty() const { return exceptions_.empty(); }
    bool contains(std::string_view name) const {
        if (above_.contains(std::string(name))) return true;
        for (;;) {
            if (exceptions_.contains(std::string(name))) return true;
            const auto dot = name.find('.');
            if (dot == std::string_view::npos) return false;
            name.remove_prefix(dot + 1);
        }
    }

  private:
    std::unordered_set<std::string> exceptions_, above_;
};

// No more than "this name is listed".
bool is_plain(const ListRule& rule) {
    return scope_of(rule.kind) && rule.effect == ListRule::Effect::block && !rule.has_conditions() &&
           !rule.is_rewrite && !rule.is_important;
}

}  // namespace

ListReport take_list(const ListSource& source, const std::string& content, const ListIncluder& include,
                     const IntakeSinks& sinks) {
    Intake intake(source, include, sinks);
    intake.read(source.name, content, {}, 0);
    return std::move(intake.report);
}

ListReport compile_list(RulesetCompiler& compiler, const ListSource& source, const std::string& content,
                        const ListIncluder& include, std::vector<std::string>& warnings) {
    const bool longest_decides = most_specific_wins(source.format);
    Touched touched;
    if (longest_decides)
        (void)read_list(content, source.format,
                        {.name = [](const ListEntry&) {},
                         .rule =
                             [&](const ListRule& rule, std::uint32_t) {
                                 if (rule.effect != ListRule::Effect::block) touched.add(rule.text);
                             }});
    // A badfilter switches off rules by how they are written: then plain rules have to be kept as written, too.
    bool has_badfilter = false;
    if (source.format == ListFormat::adblock) has_badfilter = content.find("badfilter") != std::string::npos;

    std::optional<std::uint32_t> list;
    const auto rule_list = [&] {
        if (!list) list = compiler.add_list(longest_decides, source.category);
        return *list;
    };
    const auto keep = [&](const ListRule& rule, std::uint32_t line) -> Status {
        if (rule.kind == ListRule::Kind::expression || rule.kind == ListRule::Kind::url_expression)
            if (auto checked = ExpressionSet::check(rule.text); !checked) return checked;
        compiler.add_rule(rule_list(), line, rule);
        return Done{};
    };
    IntakeSinks sinks;
    sinks.name = [&](const Hostname& host, Scope scope, std::uint32_t line) {
        if (source.category && (touched.empty() || !touched.contains(host.text()))) {
            compiler.add(host, scope, *source.category);
            return;
        }
        ListRule rule;
        rule.kind = kind_of(scope);
        rule.text = std::string(host.text());
        if (!source.category) rule.effect = ListRule::Effect::allow;
        compiler.add_rule(rule_list(), line, rule);
    };
    sinks.rule = [&](const ListRule& rule, std::uint32_t line) -> Status {
        if (!source.category) {
            auto exception = rule;
            if (exception.effect == ListRule::Effect::block) exception.effect = ListRule::Effect::allow;
            const bool is_of_names = rule.kind != ListRule::Kind::url && rule.kind != ListRule::Kind::network;
            return is_of_names ? keep(exception, line) : Status(Done{});
        }
        if (rule.kind == ListRule::Kind::network) {
            if (const auto network = parse_network(rule.text)) compiler.add_network(*network, *source.category);
            return Done{};
        }
        if (rule.kind == ListRule::Kind::url) {
            const auto slash = rule.text.find('/');
            if (const auto host = Hostname::parse(rule.text.substr(0, slash)))
                compiler.add_url(normal_url(*host, std::string_view(rule.text).substr(slash)), *source.category);
            return Done{};
        }
        if (is_plain(rule) && !has_badfilter && (touched.empty() || !touched.contains(rule.text)))
            if (const auto host = Hostname::parse(rule.text)) {
                compiler.add(*host, *scope_of(rule.kind), *source.category);
                return Done{};
            }
        return keep(rule, line);
    };
    sinks.warning = [&](std::string text) { warnings.push_back(std::move(text)); };
    return take_list(source, content, include, sinks);
}

}  // namespace hort
