#include "ctl/rule_files.h"

#include <filesystem>
#include <memory>

#include "platform/fetch.h"
#include "platform/mapped_file.h"
#include "rules/rule_file_compile.h"
#include "rules/rule_file_policy.h"

namespace hort::ctl {
namespace {

using nlohmann::json;
using platform::Readers;

constexpr std::size_t max_rule_file = 8 << 20, max_list = std::size_t{256} << 20;
constexpr int fetch_seconds = 600;

std::string option(const json& params, const char* name, const char* otherwise) {
    return params.value(name, std::string(otherwise));
}

void print_json(std::FILE* out, const json& value) {
    std::fprintf(out, "%s\n", value.dump(2, ' ', false, json::error_handler_t::replace).c_str());
}

// Lists beside the rule file, or from the web.
ListContents contents_of(const std::string& rule_file) {
    const auto folder = std::filesystem::path(rule_file).parent_path();
    const auto fetched = [](const std::string& url) -> Result<std::string> {
        auto got = platform::fetch({url, {}, {}, max_list, fetch_seconds, {}});
        if (!got) return got.error();
        return std::move(got->body);
    };
    ListContents out;
    out.list = [=](const RuleFile::List& list, std::size_t) -> Result<std::string> {
        if (!list.file.empty()) return platform::read_file((folder / list.file).string(), max_list);
        return fetched(list.url);
    };
    out.include = [=](const RuleFile::List& list, std::size_t, const std::string& name) -> std::optional<std::string> {
        if (!list.file.empty()) {
            auto text = platform::read_file((folder / list.file).parent_path().append(name).string(), max_list);
            return text ? std::optional(*std::move(text)) : std::nullopt;
        }
        auto text = fetched(list.url.substr(0, list.url.rfind('/') + 1) + name);
        return text ? std::optional(*std::move(text)) : std::nullopt;
    };
    return out;
}

Error count_of_problems(const std::string& path, std::size_t count, const char* what) {
    return Error{std::to_string(count) + " " + what + (count == 1 ? "" : "s"), path, {}};
}

struct Tried {
    std::string text;
    RuleFile file;
    CompiledRuleFile compiled;
    std::vector<FailedCase> failed;
};

// Reads, compiles and tests a rule file; prints what is wrong with it.
Result<Tried> try_rule_file(const std::string& path, bool is_json, std::FILE* out) {
    auto text = platform::read_file(path, max_rule_file);
    if (!text) return text.error();
    auto reading = read_rule_file(*text, path);
    if (!reading.file) {
        auto problems = json::array();
        for (const auto& problem : reading.problems) {
            problems.push_back(problem.text());
            if (!is_json) std::fprintf(out, "%s\n", problem.text().c_str());
        }
        if (is_json) print_json(out, {{"problems", problems}});
        return count_of_problems(path, reading.problems.size(), "problem");
    }
    auto compiled = compile_rule_file(*reading.file, contents_of(path), HashKey{});
    if (!compiled) return compiled.error();
    auto policy = policy_of_nobody(compiled->ruleset);
    put_rule_file(policy, *reading.file, [](const std::string&) { return std::nullopt; });
    auto failed = run_cases(*reading.file, policy);
    return Tried{*std::move(text), *std::move(reading.file), *std::move(compiled), std::move(failed)};
}

std::string place_text(const std::string& path, const RuleFile::Place& place) {
    return path + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
}

// Prints the failed tests; an error when there are any.
Status judge(const std::string& path, const Tried& tried, bool is_json, std::FILE* out) {
    auto failures = json::array();
    for (const auto& failure : tried.failed) {
        failures.push_back(place_text(path, failure.place) + failure.what);
        if (!is_json) std::fprintf(out, "%s\n", failures.back().get<std::string>().c_str());
    }
    if (is_json && !tried.failed.empty()) print_json(out, {{"tests", tried.file.tests.size()}, {"failed", failures}});
    if (tried.failed.empty()) return Done{};
    return Error{
        std::to_string(tried.failed.size()) + " of " + std::to_string(tried.file.tests.size()) + " tests failed",
        path,
        {}};
}

}  // namespace

Status rules_check(const json& params, bool is_json, std::FILE* out) {
    const auto path = params.at("file").get<std::string>();
    const auto tried = try_rule_file(path, is_json, out);
    if (!tried) return tried.error();
    auto lists = json::array();
    for (std::size_t i = 0; i < tried->file.lists.size(); ++i) {
        const auto& list = tried->file.lists[i];
        const auto& [format, report] = tried->compiled.reports[i];
        lists.push_back({{"list", list.address()},
                         {"category", list.category ? std::string(Taxonomy::shipped().id_of(*list.category)) : "allow"},
                         {"format", name_of(format)},
                         {"accepted", report.accepted},
                         {"skipped", report.skipped},
                         {"refused", report.refused},
                         {"problems", report.problems}});
        if (is_json) continue;
        std::fprintf(out, "%s: %s: %llu accepted, %llu skipped, %llu refused\n", list.address().c_str(),
                     std::string(name_of(format)).c_str(), static_cast<unsigned long long>(report.accepted),
                     static_cast<unsigned long long>(report.skipped), static_cast<unsigned long long>(report.refused));
        for (const auto& problem : report.problems)
            std::fprintf(out, "%s:%s\n", list.address().c_str(), problem.c_str());
    }
    if (is_json) {
        print_json(out, {{"problems", json::array()}, {"lists", lists}, {"warnings", tried->compiled.warnings}});
        return Done{};
    }
    for (const auto& warning : tried->compiled.warnings) std::fprintf(out, "warning: %s\n", warning.c_str());
    std::fprintf(out, "%s: no problems; %zu profiles, %zu groups, %zu tests\n", path.c_str(),
                 tried->file.profiles.size(), tried->file.groups.size(), tried->file.tests.size());
    return Done{};
}

Status rules_test(const json& params, bool is_json, std::FILE* out) {
    const auto path = params.at("file").get<std::string>();
    const auto tried = try_rule_file(path, is_json, out);
    if (!tried) return tried.error();
    if (auto judged = judge(path, *tried, is_json, out); !judged) return judged;
    if (is_json)
        print_json(out, {{"tests", tried->file.tests.size()}, {"failed", json::array()}});
    else
        std::fprintf(out, "%s: all %zu tests pass\n", path.c_str(), tried->file.tests.size());
    return Done{};
}

Status rules_compile(const json& params, bool is_json, std::FILE* out) {
    const auto path = params.at("file").get<std::string>();
    auto tried = try_rule_file(path, is_json, out);
    if (!tried) return tried.error();
    if (auto judged = judge(path, *tried, is_json, out); !judged) return judged;
    Bundle bundle{tried->file.name, tried->file.serial, {}};
    bundle.files.push_back({std::string(Bundle::rule_file_path), tried->text});
    for (auto& file : tried->compiled.files) bundle.files.push_back(std::move(file));
    const auto bytes = write_bundle(bundle);
    if (auto whole = read_bundle(bytes); !whole) return whole.error();  // what nobody could install is not written
    const auto output =
        option(params, "output", (bundle.name + "-" + std::to_string(bundle.serial) + ".hortbundle").c_str());
    if (auto written = platform::write_file_atomically(output, std::as_bytes(std::span(bytes)), Readers::everyone);
        !written)
        return written;
    if (is_json)
        print_json(out,
                   {{"bundle", output}, {"name", bundle.name}, {"serial", bundle.serial}, {"octets", bytes.size()}});
    else
        std::fprintf(out,
                     "%s: %s serial %lld, %zu files, %zu octets; all %zu tests pass\nSign it:  hortctl rules sign %s "
                     "--key KEY\n",
                     output.c_str(), bundle.name.c_str(), static_cast<long long>(bundle.serial), bundle.files.size(),
                     bytes.size(), tried->file.tests.size(), output.c_str());
    return Done{};
}

Status rules_keygen(const json& params, bool is_json, std::FILE* out) {
    const auto name = option(params, "output", "hort");
    for (const auto* ending : {".key", ".pub"})
        if (std::filesystem::exists(name + ending))
            return Error{"exists already", name + ending,
                         "a key that is lost cannot be made again; choose another name"};
    const auto keys = new_key_pair();
    if (!keys) return keys.error();
    if (auto written = platform::write_file_atomically(name + ".key", std::as_bytes(std::span(keys->private_pem)));
        !written)
        return written;
    if (auto written = platform::write_file_atomically(name + ".pub", std::as_bytes(std::span(keys->public_pem)),
                                                       Readers::everyone);
        !written)
        return written;
    const auto key = parse_public_key(keys->public_pem);
    if (!key) return key.error();
    if (is_json)
        print_json(out, {{"private", name + ".key"}, {"public", name + ".pub"}, {"key", hort::text_of(*key)}});
    else
        std::fprintf(out, "%s.key  keep it secret and safe\n%s.pub  %s\n", name.c_str(), name.c_str(),
                     hort::text_of(*key).c_str());
    return Done{};
}

Status rules_sign(const json& params, bool is_json, std::FILE* out) {
    const auto path = params.at("bundle").get<std::string>(), output = option(params, "output", path.c_str());
    const auto bytes = platform::read_file(path, max_bundle);
    if (!bytes) return bytes.error();
    const auto key = platform::read_file(option(params, "key", "hort.key"), 64 << 10);
    if (!key) return key.error();
    const auto signed_bytes = sign_bundle(*bytes, *key);
    if (!signed_bytes) return signed_bytes.error();
    if (auto written =
            platform::write_file_atomically(output, std::as_bytes(std::span(*signed_bytes)), Readers::everyone);
        !written)
        return written;
    const auto head = read_bundle_head(*signed_bytes);
    if (!head) return head.error();
    if (is_json)
        print_json(out, {{"bundle", output}, {"key", hort::text_of(*head->signer)}});
    else
        std::fprintf(out, "%s: signed by %s\n", output.c_str(), hort::text_of(*head->signer).c_str());
    return Done{};
}

Status rules_verify(const json& params, bool is_json, std::FILE* out) {
    const auto path = params.at("bundle").get<std::string>();
    const auto bytes = platform::read_file(path, max_bundle);
    if (!bytes) return bytes.error();
    const auto head = read_bundle_head(*bytes);
    if (!head) return Error{head.error().what, path, head.error().hint};
    if (!head->signer) return Error{"is not signed", path, "'hortctl rules sign' signs it"};
    if (auto given = option(params, "key", ""); !given.empty()) {
        if (std::filesystem::exists(given)) {
            auto text = platform::read_file(given, 64 << 10);
            if (!text) return text.error();
            given = *std::move(text);
        }
        const auto key = parse_public_key(given);
        if (!key) return key.error();
        if (*key != *head->signer) return Error{"is signed by another key", path, hort::text_of(*head->signer)};
    }
    const auto bundle = read_bundle(*bytes);
    if (!bundle) return Error{bundle.error().what, path, bundle.error().hint};
    auto reading = read_rule_file(bundle->files.front().content, path);
    if (!reading.file) return reading.problems.front();
    if (is_json)
        print_json(out, {{"name", head->name},
                         {"serial", head->serial},
                         {"key", hort::text_of(*head->signer)},
                         {"files", bundle->files.size()}});
    else
        std::fprintf(out, "%s: %s serial %lld, %zu files, signed by %s\n", path.c_str(), head->name.c_str(),
                     static_cast<long long>(head->serial), bundle->files.size(), hort::text_of(*head->signer).c_str());
    return Done{};
}

}  // namespace hort::ctl
