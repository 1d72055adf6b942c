#include "rules/rule_file_compile.h"

#include "rules/bypass_names.h"
#include "rules/data/shipped.h"
#include "rules/essential_allow.h"
#include "rules/service.h"

namespace hort {

std::string bundle_path_of(const RuleFile::List& list, std::size_t index) {
    return list.file.empty() ? "fetched/" + std::to_string(index) : list.file;
}

std::string bundle_include_folder_of(const RuleFile::List& list, std::size_t index) {
    if (list.file.empty()) return "fetched/" + std::to_string(index) + ".includes/";
    const auto slash = list.file.rfind('/');
    return slash == std::string::npos ? std::string() : list.file.substr(0, slash + 1);
}

void compile_shipped(RulesetCompiler& compiler) {
    EssentialAllow::shipped().for_each([&](const Hostname& host) { compiler.add_essential(host); });
    for (const auto name : canary_names)
        compiler.add(*Hostname::parse(name), Scope::exact, *Taxonomy::shipped().find("doh_bypass"));
    for (const auto& service : Services::shipped().all())
        for (auto left = service.categories; !left.empty(); left = left - CategorySet::of(left.first()))
            for (const auto& host : service.hosts) compiler.add(host, Scope::subtree, left.first());
}

std::uint64_t shipped_digest() {
    return image::checksum(std::as_bytes(std::span(data::essential_allow_json))) ^
           std::rotl(image::checksum(std::as_bytes(std::span(data::services_json))), 1);
}

Result<CompiledRuleFile> compile_rule_file(const RuleFile& file, const ListContents& contents, HashKey salt) {
    CompiledRuleFile out;
    RulesetCompiler compiler(Taxonomy::shipped(), salt);
    compile_shipped(compiler);
    for (const auto& service : file.services)
        for (auto left = service.categories; !left.empty(); left = left - CategorySet::of(left.first()))
            for (const auto& host : service.hosts) compiler.add(host, Scope::subtree, left.first());
    const auto keep = [&](std::string path, const std::string& content) {
        for (const auto& known : out.files)
            if (known.path == path) return;
        out.files.push_back({std::move(path), content});
    };
    for (std::size_t i = 0; i < file.lists.size(); ++i) {
        const auto& list = file.lists[i];
        auto content = contents.list(list, i);
        if (!content) return content.error();
        const auto include = [&](const std::string& name) {
            auto text = contents.include(list, i, name);
            if (text) keep(bundle_include_folder_of(list, i) + name, *text);
            return text;
        };
        const auto format = list.format ? *list.format : detect_list_format(*content);
        const ListSource source{list.address(), format, list.category, list.scope};
        out.reports.emplace_back(format, compile_list(compiler, source, *content, include, out.warnings));
        keep(bundle_path_of(list, i), *content);
    }
    const auto image = compiler.finish(0);
    if (!image) return image.error();
    auto opened = Ruleset::open(image_in_memory(std::move(*image)), Taxonomy::shipped());
    if (!opened) return opened.error();
    out.ruleset = *std::move(opened);
    return out;
}

}  // namespace hort
