#include "daemon/applications.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "daemon/identify.h"
#include "platform/mapped_file.h"
#include "rules/service.h"

namespace hort {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t max_file = 256 << 10, max_files = 4096, max_text = 200;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
    return text;
}

// The file name of the program that a command line starts: not env, and not what it sets.
std::string program_of(std::string_view command) {
    while (!command.empty()) {
        const bool is_quoted = command.front() == '"';
        if (is_quoted) command.remove_prefix(1);
        const auto end = std::min(command.find(is_quoted ? '"' : ' '), command.size());
        auto word = command.substr(0, end);
        command.remove_prefix(std::min(end + 1, command.size()));
        const bool sets = word.find('=') != std::string_view::npos && word.find('/') == std::string_view::npos;
        word = word.substr(word.rfind('/') + 1);
        if (!word.empty() && !sets && word != "env") return std::string(word.substr(0, max_text));
    }
    return {};
}

}  // namespace

std::optional<DesktopFile> parse_desktop_file(std::string_view text) {
    DesktopFile out;
    bool is_entry = false, is_application = false;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.starts_with('[')) {
            if (is_entry) break;  // what follows are its actions
            is_entry = line == "[Desktop Entry]";
            continue;
        }
        const auto equals = line.find('=');
        if (!is_entry || equals == std::string_view::npos) continue;
        const auto key = trimmed(line.substr(0, equals)), value = trimmed(line.substr(equals + 1));
        if (key == "Type") is_application = value == "Application";
        if (key == "Name") out.title = value.substr(0, max_text);
        if (key == "Exec") out.program = program_of(value);
        if ((key == "NoDisplay" || key == "Hidden") && value == "true") return std::nullopt;
    }
    if (!is_application || out.title.empty()) return std::nullopt;
    if (is_many_programs(out.program)) out.program.clear();
    return out;
}

std::vector<std::string> Applications::usual_folders() {
    return {"/usr/share/applications", "/usr/local/share/applications", "/var/lib/flatpak/exports/share/applications",
            "/var/lib/snapd/desktop/applications"};
}

void Applications::refresh() {
    for (const auto& folder : folders_) {
        struct stat info {};
        if (stat(folder.c_str(), &info) != 0) {
            known_.erase(folder);
            continue;
        }
        const auto changed = std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
        auto& known = known_[folder];
        if (known.changed == changed) continue;
        known = {changed, {}};
        std::size_t count = 0;
        std::error_code fault;
        for (fs::directory_iterator it(folder, fault), end; !fault && it != end && count < max_files;
             it.increment(fault)) {
            const auto name = it->path().filename().string();
            if (!name.ends_with(".desktop")) continue;
            ++count;
            const auto text = platform::read_file(it->path().string(), max_file);
            const auto file = text ? parse_desktop_file(*text) : std::nullopt;
            if (!file) continue;
            known.titles.emplace(program_key(name), file->title);
            known.titles.emplace(program_key(name.substr(0, name.size() - 8)), file->title);  // a Flatpak's id
            if (!file->program.empty()) known.titles.emplace(program_key(file->program), file->title);
        }
    }
}

const std::string* Applications::find(const std::string& name) const {
    for (const auto& [folder, known] : known_)
        if (const auto it = known.titles.find(name); it != known.titles.end()) return &it->second;
    return nullptr;
}

std::string Applications::name_of(const platform::Process& process) const {
    const auto names = programs_of_process(process);
    for (const auto& name : names) {
        if (find(name) != nullptr) return name;
        for (const auto& service : Services::shipped().all())
            if (service.has_program(name)) return name;
    }
    // What brings its own name: the last words that are no path.
    const bool is_packed = !process.app_image.empty() || !process.steam_app.empty() ||
                           process.cgroup.find("/app-flatpak-") != std::string::npos ||
                           process.cgroup.find("/snap.") != std::string::npos;
    for (auto it = names.rbegin(); it != names.rend(); ++it)
        if (!it->starts_with('/') && (is_packed || it->ends_with(".exe"))) return *it;
    return {};
}

std::string Applications::title_of(const std::string& name) const {
    if (const auto* title = find(name)) return *title;
    for (const auto& service : Services::shipped().all())
        if (service.has_program(name)) return service.title;
    return name;
}

}  // namespace hort
