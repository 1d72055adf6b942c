#include "daemon/lists/library.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "platform/mapped_file.h"
#include "rules/compiler.h"
#include "rules/nearest.h"

namespace hort::lists {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
constexpr std::size_t max_list_size = 256 << 20;

struct File {
    std::string path, category;  // path below the root
};

// Texts beside the lists: licences and sources.
bool is_about_lists(const std::string& name) {
    return name.starts_with('.') || name.ends_with(".md") || name.ends_with(".new") || name.starts_with("LICENSE") ||
           name.starts_with("README");
}

Result<std::vector<File>> find_files(const std::string& root, Library& library) {
    std::vector<File> out;
    std::error_code fault;
    std::vector<std::string_view> ids;
    for (const auto& category : Taxonomy::shipped().entries()) ids.push_back(category.id);
    fs::directory_iterator folders(root, fault);
    if (fault) return Error{"cannot read the folder of lists: " + fault.message(), root, {}};
    for (const auto& folder : folders) {
        const auto category = folder.path().filename().string();
        if (is_about_lists(category) || !folder.is_directory(fault)) continue;
        if (!Taxonomy::shipped().find(category)) {
            const auto near = nearest(category, ids);
            library.warnings.push_back(root + "/" + category + ": no such category, its lists are left out" +
                                       (near.empty() ? "" : " (did you mean " + std::string(near) + "?)"));
            continue;
        }
        for (const auto& file : fs::directory_iterator(folder.path(), fault))
            if (const auto name = file.path().filename().string(); !is_about_lists(name) && file.is_regular_file(fault))
                out.push_back({category + "/" + name, category});
    }
    std::sort(out.begin(), out.end(), [](const File& a, const File& b) { return a.path < b.path; });
    return out;
}

// Changes whenever a list is added, removed or written, the salt or the image format changes.
std::uint64_t digest_of(const std::string& root, const std::vector<File>& files, HashKey salt) {
    std::string text = "image " + std::to_string(image::version) + " readers 2 " + std::to_string(salt.k0) + " " +
                       std::to_string(salt.k1);
    for (const auto& category : Taxonomy::shipped().entries()) text += "\n" + category.id;
    for (const auto& file : files) {
        struct stat info {};
        stat((root + "/" + file.path).c_str(), &info);
        text += "\n" + file.path + " " + std::to_string(info.st_size) + " " + std::to_string(info.st_mtim.tv_sec) +
                "." + std::to_string(info.st_mtim.tv_nsec) + " " + std::to_string(info.st_ino);
    }
    return image::checksum(std::as_bytes(std::span(text)));
}

json to_json(const std::vector<ListInfo>& lists) {
    auto out = json::array();
    for (const auto& list : lists)
        out.push_back({{"path", list.path},
                       {"category", list.category},
                       {"format", name_of(list.format)},
                       {"accepted", list.report.accepted},
                       {"skipped", list.report.skipped},
                       {"refused", list.report.refused},
                       {"problems", list.report.problems}});
    return out;
}

bool read_infos(const std::string& path, std::vector<ListInfo>& lists) {
    const auto text = platform::read_file(path, 16 << 20);
    if (!text) return false;
    const auto parsed = json::parse(*text, nullptr, false);
    if (!parsed.is_array()) return false;
    try {
        for (const auto& item : parsed) {
            const auto format = parse_list_format(item.at("format").get<std::string>());
            if (!format) return false;
            lists.push_back({item.at("path"),
                             item.at("category"),
                             *format,
                             {item.at("accepted"), item.at("skipped"), item.at("refused"), item.at("problems")}});
        }
    } catch (const json::exception&) {
        lists.clear();
        return false;
    }
    return true;
}

Result<std::shared_ptr<const Ruleset>> open_image(const std::string& path) {
    auto mapped = platform::map_file(path);
    if (!mapped) return mapped.error();
    return Ruleset::open(*std::move(mapped), Taxonomy::shipped());
}

}  // namespace

Result<Library> load_library(const std::string& root, const std::string& image_folder, HashKey salt) {
    Library out;
    out.root = root;
    const auto files = find_files(root, out);
    if (!files) return files.error();
    const auto digest = digest_of(root, *files, salt);
    char name[32];
    std::snprintf(name, sizeof name, "%016llx", static_cast<unsigned long long>(digest));
    const std::string image_path = image_folder + "/" + name + ".hort", info_path = image_folder + "/" + name + ".json";

    if (struct stat info{}; stat(image_path.c_str(), &info) == 0) {
        auto opened = open_image(image_path);
        if (opened && (*opened)->inputs_digest() == digest && read_infos(info_path, out.lists)) {
            out.ruleset = *std::move(opened);
            return out;
        }
        out.warnings.push_back(image_path + ": refused: " +
                               (opened ? "it belongs to other lists" : opened.error().what) + "; compiled anew");
    }

    RulesetCompiler compiler(Taxonomy::shipped(), salt);
    for (const auto& file : *files) {
        const auto content = platform::read_file(root + "/" + file.path, max_list_size);
        if (!content) {
            out.warnings.push_back(content.error().text());
            continue;
        }
        const auto category = *Taxonomy::shipped().find(file.category);
        ListInfo info{file.path, file.category, detect_list_format(*content), {}};
        info.report =
            read_list(*content, info.format,
                      {.name = [&](const ListEntry& entry) { compiler.add(entry.host, entry.scope, category); }});
        out.lists.push_back(std::move(info));
    }
    const auto bytes = compiler.finish(digest);
    if (!bytes) return bytes.error();
    const auto infos = to_json(out.lists).dump(-1, ' ', true, json::error_handler_t::replace);
    if (auto written = platform::write_file_atomically(info_path, std::as_bytes(std::span(infos))); !written)
        return written.error();
    if (auto written = platform::write_file_atomically(image_path, *bytes); !written) return written.error();
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

std::vector<Place> find_places(const Library& library, const Hostname& host, std::string_view category) {
    std::vector<Place> out;
    for (const auto& list : library.lists) {
        if (list.category != category) continue;
        const auto content = platform::read_file(library.root + "/" + list.path, max_list_size);
        if (!content) continue;
        read_list(*content, list.format, {.name = [&](const ListEntry& entry) {
            const auto name = entry.host.text();
            const bool is_same = name == host.text();
            const bool is_below = entry.scope == Scope::subtree && host.text().ends_with(name) &&
                                  host.text().size() > name.size() &&
                                  host.text()[host.text().size() - name.size() - 1] == '.';
            if ((is_same || is_below) && out.size() < 20) out.push_back({list.path, entry.line, std::string(name)});
        }});
    }
    return out;
}

}  // namespace hort::lists
