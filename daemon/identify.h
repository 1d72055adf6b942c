// Which programs a process is: the names by which rules and budgets may speak of it. Passive.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "platform/processes.h"

namespace hort {

// Each as program_key() writes it, the executable's file name first:
// - file name and path of the executable;
// - of what a program runs that stands for many (an interpreter, Wine, Java): file name and path of that;
// - the file name and path of an AppImage, the id of a Flatpak ("org.videolan.VLC"), the name of a Snap;
// - the id of the desktop file by which the desktop started it ("org.kde.kate.desktop");
// - a game's number at Steam ("steam:570").
// What a process writes of itself can add a name, never take one away. Sources: systemd's naming of scopes
// (https://systemd.io/DESKTOP_ENVIRONMENTS/), snapd's cgroups, the AppImage runtime's environment.
std::vector<std::string> programs_of_process(const platform::Process& process);

// Programs that stand for many, by what they are told: a link that leads to one of them is not the program.
bool is_many_programs(std::string_view file_name);

// Of a person's processes those that stop when the session's time is up: what its user manager started as an
// application (systemd), or else all but what shows and locks the screen.
std::vector<std::int32_t> applications_of(const std::vector<platform::Process>& all);

}  // namespace hort
