#include "daemon/identify.h"

#include <algorithm>

#include "rules/ascii.h"
#include "rules/service.h"

namespace hort {
namespace {

// Of a path of Linux or of Windows.
std::string_view file_name(std::string_view path) {
    const auto slash = path.find_last_of("/\\");
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

class Names {
  public:
    void add(std::string_view name) {
        auto key = program_key(name);
        if (!key.empty() && key.size() <= 4096 && std::find(all.begin(), all.end(), key) == all.end())
            all.push_back(std::move(key));
    }
    void add_path(std::string_view path) {
        add(file_name(path));
        if (path.starts_with('/')) add(path);
    }
    std::vector<std::string> all;
};

// "app-gnome-org.example.Game\x2dTwo-1234.scope" without what systemd writes for characters that are none of a name's.
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto digit = [](char c) {
            return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        };
        if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x' && digit(text[i + 2]) >= 0 &&
            digit(text[i + 3]) >= 0) {
            out += static_cast<char>(digit(text[i + 2]) * 16 + digit(text[i + 3]));
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

// What the group says into which the desktop, Flatpak or snapd puts an application.
void add_names_of_unit(std::string_view unit, Names& names) {
    const auto without = [](std::string_view text, std::string_view ending) {
        return text.ends_with(ending) ? text.substr(0, text.size() - ending.size()) : std::string_view();
    };
    auto name = without(unit, ".scope");
    if (name.empty()) name = without(unit, ".service");
    if (name.empty()) return;
    if (name.starts_with("snap.")) {
        name.remove_prefix(5);
        names.add(name.substr(0, name.find('.')));
        return;
    }
    if (!name.starts_with("app-")) return;
    name.remove_prefix(4);
    // app[-LAUNCHER]-ID[-RANDOM].scope, app[-LAUNCHER]-ID[@RANDOM].service: a dash within an id is escaped.
    if (const auto at = name.rfind('@'); at != std::string_view::npos) name = name.substr(0, at);
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0; begin <= name.size();) {
        const auto end = std::min(name.find('-', begin), name.size());
        parts.push_back(name.substr(begin, end - begin));
        begin = end + 1;
    }
    if (parts.size() > 1 && parts.front() == "flatpak") {
        names.add(unescaped(parts[1]));
        return;
    }
    for (const auto part : parts)
        if (part.find('.') != std::string_view::npos || parts.size() < 3 || part == parts[1])
            names.add(unescaped(part) + ".desktop");
}

// What an interpreter was told to run.
void add_names_of_script(const std::vector<std::string>& arguments, Names& names) {
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const auto& argument = arguments[i];
        if (argument == "-c" || argument == "-m" || argument == "-e") return;
        if (argument == "-jar" || (argument.starts_with('-') && argument.size() > 1)) continue;
        if (argument.find('=') != std::string::npos && argument.find('/') == std::string::npos) continue;  // of env
        names.add_path(argument);
        return;
    }
}

bool ends_in_exe(std::string_view text) {
    return text.size() > 4 && is_same_ignoring_case(text.substr(text.size() - 4), ".exe");
}

// Where packages lie: ".../app/ID/ARCHITECTURE/BRANCH/COMMIT/files" of Flatpak, "/snap/NAME/REVISION" of snapd.
void add_names_of_folder(std::string_view path, Names& names) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0; begin <= path.size();) {
        const auto end = std::min(path.find('/', begin), path.size());
        parts.push_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    for (std::size_t i = 5; i < parts.size(); ++i)
        if (parts[i] == "files" && parts[i - 5] == "app") names.add(parts[i - 4]);
    for (const std::string_view beginning : {"/snap/", "/var/lib/snapd/snap/"})
        if (path.starts_with(beginning)) {
            path.remove_prefix(beginning.size());
            names.add(path.substr(0, path.find('/')));
        }
}

// What Wine was told to run. It writes what it runs over its own name before long, as that was called: with or without
// the ending, with or without a path.
void add_name_of_windows_program(const std::vector<std::string>& arguments, Names& names) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto name = file_name(arguments[i]);
        if (name.empty() || name.starts_with('-') || (i == 0 && name.starts_with("wine"))) continue;
        names.add(ends_in_exe(name) ? std::string(name) : std::string(name) + ".exe");
        return;
    }
}

}  // namespace

std::vector<std::string> programs_of_process(const platform::Process& process) {
    Names names;
    names.add_path(process.path);
    const auto program = file_name(process.path);
    if (program.starts_with("wine")) {
        add_name_of_windows_program(process.arguments, names);
    } else if (is_many_programs(program)) {
        add_names_of_script(process.arguments, names);
    }
    add_names_of_folder(process.path, names);
    add_names_of_folder(process.app_folder, names);
    if (!process.app_image.empty()) names.add_path(process.app_image);
    if (!process.steam_app.empty()) names.add("steam:" + process.steam_app);
    std::string_view cgroup = process.cgroup;
    while (!cgroup.empty()) {
        const auto slash = std::min(cgroup.find('/'), cgroup.size());
        add_names_of_unit(cgroup.substr(0, slash), names);
        cgroup.remove_prefix(std::min(slash + 1, cgroup.size()));
    }
    return names.all;
}

namespace {

// The screen, its lock, and what both need to speak to each other and to the session manager.
bool is_of_desktop(const platform::Process& process) {
    constexpr std::string_view exact[] = {"Xorg",
                                          "Xwayland",
                                          "dbus-daemon",
                                          "dbus-broker",
                                          "dbus-launch",
                                          "systemd",
                                          "(sd-pam)",
                                          "gnome-shell",
                                          "plasmashell",
                                          "ksmserver",
                                          "kscreenlocker_greet",
                                          "xfwm4",
                                          "xfdesktop",
                                          "xfsettingsd",
                                          "cinnamon",
                                          "marco",
                                          "mutter",
                                          "muffin",
                                          "openbox",
                                          "sway",
                                          "swaylock",
                                          "swayidle",
                                          "labwc",
                                          "weston",
                                          "i3",
                                          "i3lock",
                                          "light-locker",
                                          "xss-lock",
                                          "xsecurelock",
                                          "pipewire",
                                          "wireplumber",
                                          "pipewire-pulse",
                                          "pulseaudio",
                                          "elogind"};
    constexpr std::string_view beginnings[] = {"kwin_",
                                               "gdm-",
                                               "lightdm",
                                               "sddm",
                                               "xscreensaver",
                                               "xfce4-screensaver",
                                               "mate-screensaver",
                                               "cinnamon-screensaver",
                                               "gnome-screensaver"};
    const auto name = file_name(process.path);
    return name.ends_with("-session") || name.ends_with("-session-binary") ||
           std::find(std::begin(exact), std::end(exact), name) != std::end(exact) ||
           std::any_of(std::begin(beginnings), std::end(beginnings),
                       [&](std::string_view beginning) { return name.starts_with(beginning); });
}

}  // namespace

std::vector<std::int32_t> applications_of(const std::vector<platform::Process>& all) {
    const auto is_application = [](const platform::Process& process) {
        return process.cgroup.find("/app.slice/") != std::string::npos;
    };
    const bool has_manager = std::any_of(all.begin(), all.end(), is_application);
    std::vector<std::int32_t> out;
    for (const auto& process : all)
        if (has_manager ? is_application(process) : !is_of_desktop(process)) out.push_back(process.id);
    return out;
}

bool is_many_programs(std::string_view file_name) {
    constexpr std::string_view exact[] = {"snap", "flatpak", "busybox", "env", "bash", "dash", "sh", "java", "mono"};
    constexpr std::string_view beginnings[] = {"python", "perl", "ruby", "node", "php", "lua", "wine"};
    return std::find(std::begin(exact), std::end(exact), file_name) != std::end(exact) ||
           std::any_of(std::begin(beginnings), std::end(beginnings),
                       [&](std::string_view beginning) { return file_name.starts_with(beginning); });
}

}  // namespace hort
