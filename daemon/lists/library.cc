#include "daemon/lists/library.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "platform/mapped_file.h"
#include "platform/memory.h"
#include "rules/compiler.h"
#include "rules/list_matcher.h"
#include "rules/nearest.h"
#include "rules/rule_file_compile.h"

namespace hort::lists {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
constexpr std::size_t max_list_size = 256 << 20;
constexpr std::size_t least_line = 12;  // octets of a short entry, for a guess of how many there are

// Texts beside the lists: licences and sources.
bool is_about_lists(const std::string& name) {
    return name.starts_with('.') || name.ends_with(".md") || name.ends_with(".new") || name.starts_with("LICENSE") ||
           name.starts_with("README");
}

// Changes whenever a list is added, removed or written, and when the salt, the image format, the readers or the data
// that ship with Hort change.
std::uint64_t digest_of(const std::vector<ListFile>& files, HashKey salt) {
    std::string text = "image " + std::to_string(image::version) + " readers 3 " + std::to_string(salt.k0) + " " +
                       std::to_string(salt.k1) + " services " + std::to_string(shipped_digest());
    for (const auto& category : Taxonomy::shipped().entries()) text += "\n" + category.id;
    for (const auto& file : files) {
        struct stat info {};
        stat(file.path.c_str(), &info);
        text += "\n" + file.path + " " + (file.category ? std::to_string(*file.category) : "allow") + " " +
                (file.format ? std::string(name_of(*file.format)) : "") + " " +
                (file.scope ? std::to_string(static_cast<int>(*file.scope)) : "") + " " + std::to_string(info.st_size) +
                " " + std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec) + " " +
                std::to_string(info.st_ino);
    }
    return image::checksum(std::as_bytes(std::span(text)));
}

// What is told of the lists, kept beside the image. The files themselves are known.
json to_json(const Library& library) {
    auto lists = json::array();
    for (const auto& list : library.lists)
        lists.push_back({{"format", name_of(list.format)},
                         {"accepted", list.report.accepted},
                         {"skipped", list.report.skipped},
                         {"refused", list.report.refused},
                         {"problems", list.report.problems}});
    return {{"lists", lists}, {"narrowed", library.narrowed}};
}

bool read_infos(const std::string& path, const std::vector<ListFile>& files, Library& library) {
    const auto text = platform::read_file(path, 64 << 20);
    if (!text) return false;
    const auto parsed = json::parse(*text, nullptr, false);
    try {
        const auto& lists = parsed.at("lists");
        if (lists.size() != files.size()) return false;
        for (std::size_t i = 0; i < files.size(); ++i) {
            const auto& item = lists.at(i);
            const auto format = parse_list_format(item.at("format").get<std::string>());
            if (!format) return false;
            library.lists.push_back(
                {files[i],
                 *format,
                 {item.at("accepted"), item.at("skipped"), item.at("refused"), item.at("problems")}});
        }
        library.narrowed = parsed.at("narrowed").get<std::vector<std::string>>();
    } catch (const json::exception&) {
        library.lists.clear();
        return false;
    }
    return true;
}

Result<std::shared_ptr<const Ruleset>> open_image(const std::string& path) {
    auto mapped = platform::map_file(path);
    if (!mapped) return mapped.error();
    return Ruleset::open(*std::move(mapped), Taxonomy::shipped());
}

ListIncluder includer_of(const ListFile& file) {
    return [folder = file.include_folder](const std::string& name) -> std::optional<std::string> {
        auto text = platform::read_file(folder + name, max_list_size);
        if (!text) return std::nullopt;
        return *std::move(text);
    };
}

}  // namespace

Result<std::vector<ListFile>> files_below(const std::string& root, std::vector<std::string>& warnings) {
    std::vector<ListFile> out;
    std::error_code fault;
    fs::directory_iterator folders(root, fault);
    if (fault) return Error{"cannot read the folder of lists: " + fault.message(), root, {}};
    for (const auto& folder : folders) {
        const auto id = folder.path().filename().string();
        if (is_about_lists(id) || !folder.is_directory(fault)) continue;
        const auto category = Taxonomy::shipped().find(id);
        if (!category) {
            warnings.push_back(root + "/" + id + ": no such category, its lists are left out (" +
                               category.error().hint + ")");
            continue;
        }
        for (const auto& file : fs::directory_iterator(folder.path(), fault)) {
            const auto name = file.path().filename().string();
            if (is_about_lists(name) || !file.is_regular_file(fault)) continue;
            out.push_back({file.path().string(), folder.path().string() + "/", id + "/" + name, *category, {}, {}});
        }
    }
    std::sort(out.begin(), out.end(), [](const ListFile& a, const ListFile& b) { return a.name < b.name; });
    return out;
}

Result<Library> load_library(const std::vector<ListFile>& files, const std::string& image_folder, HashKey salt) {
    Library out;
    const auto digest = digest_of(files, salt);
    char name[32];
    std::snprintf(name, sizeof name, "%016llx", static_cast<unsigned long long>(digest));
    const std::string image_path = image_folder + "/" + name + ".hort", info_path = image_folder + "/" + name + ".json";

    if (struct stat info{}; stat(image_path.c_str(), &info) == 0) {
        auto opened = open_image(image_path);
        if (opened && (*opened)->inputs_digest() == digest && read_infos(info_path, files, out)) {
            out.ruleset = *std::move(opened);
            return out;
        }
        out.warnings.push_back(image_path + ": refused: " +
                               (opened ? "it belongs to other lists" : opened.error().what) + "; compiled anew");
    }

    {
        RulesetCompiler compiler(Taxonomy::shipped(), salt);
        std::uint64_t octets = 0;
        for (const auto& file : files) {
            std::error_code ignored;
            if (const auto size = fs::file_size(file.path, ignored); !ignored) octets += size;
        }
        compiler.reserve(octets / least_line, octets);  // untouched memory costs nothing
        compile_shipped(compiler);
        for (const auto& file : files) {
            auto content = platform::read_file(file.path, max_list_size);
            if (!content) {
                out.warnings.push_back(content.error().text());
                content = std::string();
            }
            ListInfo info{file, file.format ? *file.format : detect_list_format(*content), {}};
            info.report = compile_list(compiler, {file.name, info.format, file.category, file.scope}, *content,
                                       includer_of(file), out.narrowed);
            out.lists.push_back(std::move(info));
        }
        auto bytes = compiler.finish(digest);
        if (!bytes) return bytes.error();
        const auto infos = to_json(out).dump(-1, ' ', true, json::error_handler_t::replace);
        auto written = platform::write_file_atomically(info_path, std::as_bytes(std::span(infos)));
        if (written) written = platform::write_file_atomically(image_path, *bytes);
        if (!written) {  // a full disk must not switch the filter off
            out.warnings.push_back("the compiled lists cannot be kept: " + written.error().text());
            auto opened = Ruleset::open(image_in_memory(std::move(*bytes)), Taxonomy::shipped());
            if (!opened) return opened.error();
            out.ruleset = *std::move(opened);
            out.was_compiled = true;
            return out;
        }
    }
    platform::release_unused_memory();
    auto opened = open_image(image_path);
    if (!opened) return opened.error();
    out.ruleset = *std::move(opened);
    out.was_compiled = true;
    // Images of former lists: a mapped one stays usable for those who hold it.
    std::error_code ignored;
    for (const auto& file : fs::directory_iterator(image_folder, ignored))
        if (file.path().stem() != name) fs::remove(file.path(), ignored);
    return out;
}

std::vector<Place> find_places(const Library& library, const Hostname& host, Category category) {
    std::vector<Place> out;
    for (const auto& list : library.lists) {
        if (list.file.category != category || out.size() == 20) continue;
        const auto content = platform::read_file(list.file.path, max_list_size);
        if (!content) continue;
        ListMatcher matcher;
        matcher.add({list.file.name, list.format, category, list.file.scope}, *content, includer_of(list.file));
        matcher.finish();
        const auto answer = matcher.match({host});
        if (answer.verdict != ListMatcher::Verdict::block) continue;
        const auto colon = answer.place.rfind(':');
        out.push_back({answer.place.substr(0, colon),
                       static_cast<std::uint32_t>(std::stoul(answer.place.substr(colon + 1))), answer.rule});
    }
    return out;
}

}  // namespace hort::lists
