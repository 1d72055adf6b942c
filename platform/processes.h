// Processes: which ones start and end on this machine. The kernel tells it (proc connector, which needs CAP_NET_ADMIN);
// nothing is asked again and again. https://docs.kernel.org/driver-api/connector.html
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/result.h"

namespace hort::platform {

// What is known of one. All but id, account and path is what the process itself may write as it likes.
struct Process {
    std::int32_t id = 0;
    std::uint32_t account = 0;
    std::string path;                    // of its executable file
    std::vector<std::string> arguments;  // the first ones, its own name among them
    std::string cgroup;                  // in the unified hierarchy (cgroups(7))
    std::string app_image, steam_app;    // APPIMAGE and SteamAppId of its environment
    std::string app_folder;              // in a mount namespace of its own: what lies at /app there, as Flatpak puts it
};

class Processes {
  public:
    virtual ~Processes() = default;
    // Whose processes matter; of others nothing is read.
    using IsWanted = std::function<bool(std::uint32_t account)>;

    enum class Tell : std::uint8_t { starts, starts_and_ends };
    // An error where the right is missing.
    static Result<std::unique_ptr<Processes>> watch(Tell tell, IsWanted is_wanted);
    // One of them, by its number; nothing when it is gone or nobody's who matters.
    static std::optional<Process> find(std::int32_t id, const IsWanted& is_wanted);
    // What runs now.
    static std::vector<Process> all(const IsWanted& is_wanted);

    // Readable when process() has something to do.
    virtual int descriptor() const = 0;
    // Calls `began` and `ended` for what happened. False when events were lost: what runs is to be read anew.
    virtual bool process(const std::function<void(const Process&)>& began,
                         const std::function<void(std::int32_t id)>& ended) = 0;
};

// Sends a signal to what still is that process: not to another one that got its number. False when it is gone.
bool send_signal(const Process& process, int signal);

}  // namespace hort::platform
