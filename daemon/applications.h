// Applications: the programs that a desktop shows, by its desktop files.
// https://specifications.freedesktop.org/desktop-entry-spec/latest/
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/processes.h"

namespace hort {

struct DesktopFile {
    std::string title;    // "Luanti", in English
    std::string program;  // the file name of what it starts; of Flatpaks empty
};
// Of an application that is shown; nothing for others, and for what is no desktop file.
std::optional<DesktopFile> parse_desktop_file(std::string_view text);

class Applications {
  public:
    // Of this machine: not those in homes, which say what their owners like.
    static std::vector<std::string> usual_folders();
    explicit Applications(std::vector<std::string> folders) : folders_(std::move(folders)) {}

    // Reads the folders that have changed since.
    void refresh();
    // The name (program_key) of the application that a process is: one with a desktop file, or of a service, a package,
    // an AppImage, Wine or Steam. Empty: none.
    std::string name_of(const platform::Process& process) const;
    // What it is called; its name where nobody says.
    std::string title_of(const std::string& name) const;

  private:
    struct Folder {
        std::int64_t changed = 0;
        std::map<std::string, std::string> titles;  // by program, and by the file's own name
    };
    const std::string* find(const std::string& name) const;

    const std::vector<std::string> folders_;
    std::map<std::string, Folder> known_;
};

}  // namespace hort
