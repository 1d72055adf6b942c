#include "platform/notification.h"

#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "platform/monitor.h"

extern char** environ;

namespace hort::platform {

void notify(const std::string& program, std::uint32_t account, const std::string& title, const std::string& text) {
    if (auto* monitor = Monitor::in_use()) {
        (void)monitor->ask("people.tell", {{"account", account}, {"title", title}, {"text", text}});
        return;
    }
    // Its end is nobody's business.
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ignore.sa_flags = SA_NOCLDWAIT;
    sigaction(SIGCHLD, &ignore, nullptr);
    std::string words[] = {"hortd", notify_option, std::to_string(account), title, text};
    char* arguments[6] = {};
    for (std::size_t i = 0; i < 5; ++i) arguments[i] = words[i].data();
    // It becomes the child's process: none of the daemon's sockets and files is any of its business.
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) return;
    pid_t child = 0;
    if (posix_spawn_file_actions_addclosefrom_np(&actions, 3) == 0)
        (void)posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
}

Status deliver_notification(std::uint32_t account, const std::string& title, const std::string& text) {
    const passwd* entry = getpwuid(account);
    if (entry == nullptr) return Error{"no such account", std::to_string(account), {}};
    if (geteuid() == 0 &&
        (initgroups(entry->pw_name, entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 || setuid(account) != 0))
        return Error{std::string("cannot become the account: ") + std::strerror(errno), std::to_string(account), {}};
    const auto address = "unix:path=/run/user/" + std::to_string(account) + "/bus";
    sd_bus* bus = nullptr;
    int code = sd_bus_new(&bus);
    if (code >= 0) code = sd_bus_set_address(bus, address.c_str());
    if (code >= 0) code = sd_bus_set_bus_client(bus, 1);
    if (code >= 0) code = sd_bus_start(bus);
    if (code >= 0)
        code = sd_bus_call_method(bus, "org.freedesktop.Notifications", "/org/freedesktop/Notifications",
                                  "org.freedesktop.Notifications", "Notify", nullptr, nullptr, "susssasa{sv}i", "Hort",
                                  std::uint32_t{0}, "preferences-system-time", title.c_str(), text.c_str(), 0, 1,
                                  "urgency", "y", 2, 10'000);
    sd_bus_flush_close_unref(bus);
    if (code < 0) return Error{std::string("cannot notify: ") + std::strerror(-code), address, {}};
    return Done{};
}

}  // namespace hort::platform
