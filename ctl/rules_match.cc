#include "ctl/rules_match.h"

#include <filesystem>
#include <optional>

#include "platform/mapped_file.h"
#include "rules/ascii.h"
#include "rules/list_matcher.h"

namespace hort::ctl {
namespace {

constexpr std::size_t max_list = std::size_t{1} << 30;

struct Given {
    std::optional<Category> category;
    std::string path;
    std::optional<ListFormat> format;
    std::optional<Scope> scope;
};

// Takes ":word" off the end of `text` when `take` accepts the word. A path may hold colons, too.
template <typename Take>
bool take_suffix(std::string& text, const Take& take) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0 || !take(text.substr(colon + 1))) return false;
    text.resize(colon);
    return true;
}

Result<Given> parse_given(std::string text) {
    Given out;
    if (const auto equals = text.find('='); equals != std::string::npos && !std::filesystem::exists(text)) {
        const auto category = Taxonomy::shipped().find(text.substr(0, equals));
        if (!category) return category.error();
        out.category = *category;
        text.erase(0, equals + 1);
    }
    if (!std::filesystem::exists(text)) {
        take_suffix(text, [&](const std::string& word) {
            if (word == "exact") out.scope = Scope::exact;
            if (word == "subtree") out.scope = Scope::subtree;
            return out.scope.has_value();
        });
        std::optional<Error> fault;
        take_suffix(text, [&](const std::string& word) {
            const auto format = parse_list_format(word);
            if (format)
                out.format = *format;
            else if (word.find_first_of("/\\") == std::string::npos)
                fault = format.error();
            return bool(format);
        });
        if (fault && !std::filesystem::exists(text)) return *fault;
    }
    out.path = std::move(text);
    return out;
}

void print_report(const std::string& path, ListFormat format, const ListReport& report, std::FILE* faults) {
    const auto number = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
    std::fprintf(faults, "%s: %s: %llu accepted, %llu skipped, %llu refused\n", path.c_str(),
                 std::string(name_of(format)).c_str(), number(report.accepted), number(report.skipped),
                 number(report.refused));
    for (const auto& problem : report.problems) std::fprintf(faults, "%s:%s\n", path.c_str(), problem.c_str());
    if (report.refused > report.problems.size())
        std::fprintf(faults, "%s: %llu more lines were refused\n", path.c_str(),
                     number(report.refused - report.problems.size()));
}

Status add_file(ListMatcher& matcher, const Given& given, const std::string& path, std::optional<ListFormat> format,
                std::FILE* faults) {
    auto content = platform::read_file(path, max_list);
    if (!content) return content.error();
    const auto folder = std::filesystem::path(path).parent_path();
    const auto include = [&](const std::string& name) -> std::optional<std::string> {
        auto text = platform::read_file((folder / name).string(), max_list);
        if (!text) return std::nullopt;
        return *std::move(text);
    };
    const ListSource source{path, format ? *format : detect_list_format(*content), given.category, given.scope};
    print_report(path, source.format, matcher.add(source, *std::move(content), include), faults);
    return Done{};
}

Status add_list(ListMatcher& matcher, const Given& given, std::FILE* faults) {
    namespace fs = std::filesystem;
    if (!fs::is_directory(given.path)) return add_file(matcher, given, given.path, given.format, faults);
    // A squidGuard category: domains, urls and expressions.
    bool is_any = false;
    constexpr std::pair<const char*, ListFormat> parts[] = {
        {"domains", ListFormat::domains}, {"urls", ListFormat::urls}, {"expressions", ListFormat::expressions}};
    for (const auto& [name, format] : parts) {
        const auto path = given.path + "/" + name;
        if (!fs::exists(path)) continue;
        is_any = true;
        if (auto done = add_file(matcher, given, path, format, faults); !done) return done;
    }
    if (!is_any)
        return Error{"a folder without domains, urls or expressions", given.path,
                     "expected a list, or a squidGuard category folder"};
    return Done{};
}

}  // namespace

Status rules_match(const nlohmann::json& params, bool is_json, std::FILE* in, std::FILE* out, std::FILE* faults) {
    const auto type_name = params.value("type", "A");
    const auto type = lists::dns_type(type_name);
    if (type == 0) return Error{"not a record type", type_name, "expected A, AAAA, HTTPS, TXT, ... or TYPE65"};
    const auto client = lower(params.value("client", ""));

    ListMatcher matcher;
    for (const auto& text : params.value("list", nlohmann::json::array())) {
        const auto given = parse_given(text.get<std::string>());
        if (!given) return given.error();
        if (auto done = add_list(matcher, *given, faults); !done) return done;
    }
    matcher.finish();
    for (const auto& warning : matcher.warnings()) std::fprintf(faults, "%s\n", warning.c_str());

    auto answers = nlohmann::json::array();
    const auto answer = [&](const std::string& text) {
        ListMatcher::Answer found;
        const auto host = Hostname::parse(text);
        if (host)
            found = matcher.match({*host, type, client});
        else
            std::fprintf(faults, "%s\n", host.error().text().c_str());
        const char* verdict = found.verdict == ListMatcher::Verdict::block   ? "block"
                              : found.verdict == ListMatcher::Verdict::allow ? "allow"
                                                                             : "none";
        if (is_json)
            answers.push_back({{"host", text}, {"verdict", verdict}, {"rule", found.rule}, {"place", found.place}});
        else
            std::fprintf(out, "%s\t%s\t%s\t%s\n", text.c_str(), verdict, found.rule.c_str(), found.place.c_str());
    };
    for (const auto& word : params.at("host")) {
        if (word != "-") {
            answer(word.get<std::string>());
            continue;
        }
        std::string line;
        for (int c = std::fgetc(in);; c = std::fgetc(in)) {
            if (c != '\n' && c != EOF) {
                line += static_cast<char>(c);
                continue;
            }
            if (const auto host = lists::trim(line); !host.empty()) answer(std::string(host));
            line.clear();
            if (c == EOF) break;
        }
    }
    if (is_json)
        std::fprintf(out, "%s\n", answers.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    return Done{};
}

}  // namespace hort::ctl
