#include "platform/process_hold.h"

#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "platform/linux/fd.h"
#include "platform/monitor.h"

namespace hort::platform {
namespace {

namespace fs = std::filesystem;

// Where a group came from is written on it: whoever is started after a crash reads it there.
constexpr const char* origin_attribute = "trusted.hort.origin";

std::string mount_of_cgroups() {
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
        const auto kind = line.find(" - ");
        if (kind == std::string::npos || line.compare(kind, 11, " - cgroup2 ") != 0) continue;
        std::istringstream fields(line);
        std::string field;
        for (int i = 0; i < 5; ++i) fields >> field;
        return field;
    }
    return {};
}

// A process's group, as a path below the mount; nothing when the process is gone.
std::optional<std::string> group_of(const std::string& process) {
    std::ifstream groups("/proc/" + process + "/cgroup");
    for (std::string line; std::getline(groups, line);)
        if (line.starts_with("0::/")) return line.substr(3);
    return std::nullopt;
}

bool write_file(const std::string& path, const std::string& text) {
    const Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Whoever manages groups takes one away that is empty (systemd does): it is made again, and belongs to whom the one
// above it belongs to, as before. Of the group it was moved from, a process is then still one.
bool make_again(const std::string& group, const std::string& mount) {
    struct stat info {};
    if (stat(group.c_str(), &info) == 0) return true;
    const auto above = group.substr(0, group.rfind('/'));
    if (above.size() <= mount.size() || !make_again(above, mount) || stat(above.c_str(), &info) != 0) return false;
    // Of this thread alone; what is made is whose it is.
    setfsgid(info.st_gid);
    setfsuid(info.st_uid);
    const bool is_made = mkdir(group.c_str(), 0755) == 0;
    setfsuid(0);
    setfsgid(0);
    return is_made;
}

std::vector<std::int32_t> processes_of(const std::string& group) {
    std::vector<std::int32_t> out;
    std::ifstream file(group + "/cgroup.procs");
    for (std::int32_t id = 0; file >> id;) out.push_back(id);
    return out;
}

class Freezer final : public ProcessHold {
  public:
    Freezer(std::string mount, std::string own, const std::string& instance)
        : mount_(std::move(mount)), own_(std::move(own)), prefix_("held-" + instance + "-") {}

    void hold(const std::string& name, const std::vector<std::int32_t>& processes) override {
        const auto base = folder(name);
        if (mkdir(base.c_str(), 0755) != 0 && errno != EEXIST) return;
        for (const auto id : processes) {
            const auto origin = group_of(std::to_string(id));
            if (!origin || is_held(*origin, name)) continue;
            const auto group = group_for(base, *origin);
            // Stopped before anybody is in it: who comes in stops at once.
            if (group.empty() || !write_file(group + "/cgroup.freeze", "1")) continue;
            (void)write_file(group + "/cgroup.procs", std::to_string(id));
        }
    }

    void release(const std::string& name) override {
        const auto base = folder(name);
        for (const auto& group : folders_in(base)) {
            (void)write_file(group + "/cgroup.freeze", "0");
            std::array<char, 4096> origin;
            const auto size = getxattr(group.c_str(), origin_attribute, origin.data(), origin.size());
            const auto back = mount_ + std::string(origin.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
            if (size > 0) (void)make_again(back, mount_);
            // Children that are born while it is emptied are moved, too. Where there is no way back they go on here.
            for (int round = 0; round < 16; ++round) {
                const auto processes = processes_of(group);
                if (processes.empty()) break;
                for (const auto id : processes) (void)write_file(back + "/cgroup.procs", std::to_string(id));
            }
            rmdir(group.c_str());
        }
        rmdir(base.c_str());
    }

    std::vector<std::string> names() const override {
        std::vector<std::string> out;
        for (const auto& path : folders_in(own_)) {
            const auto name = path.substr(path.rfind('/') + 1);
            if (name.starts_with(prefix_)) out.push_back(name.substr(prefix_.size()));
        }
        return out;
    }

    std::vector<std::int32_t> held(const std::string& name) const override {
        std::vector<std::int32_t> out;
        for (const auto& group : folders_in(folder(name)))
            for (const auto id : processes_of(group)) out.push_back(id);
        return out;
    }

  private:
    std::string folder(const std::string& name) const { return own_ + "/" + prefix_ + name; }
    bool is_held(const std::string& group, const std::string& name) const {
        return (mount_ + group).starts_with(folder(name) + "/");
    }

    static std::vector<std::string> folders_in(const std::string& path) {
        std::vector<std::string> out;
        std::error_code fault;
        for (fs::directory_iterator it(path, fault), end; !fault && it != end; it.increment(fault))
            if (it->is_directory(fault)) out.push_back(it->path().string());
        return out;
    }

    // The one below `base` for what came from `origin`; empty when it cannot be made.
    static std::string group_for(const std::string& base, const std::string& origin) {
        const auto all = folders_in(base);
        for (const auto& group : all) {
            std::array<char, 4096> known;
            const auto size = getxattr(group.c_str(), origin_attribute, known.data(), known.size());
            if (size > 0 && std::string_view(known.data(), static_cast<std::size_t>(size)) == origin) return group;
        }
        for (std::size_t i = all.size(); i < all.size() + 64; ++i) {
            const auto group = base + "/" + std::to_string(i);
            if (mkdir(group.c_str(), 0755) != 0) continue;
            if (setxattr(group.c_str(), origin_attribute, origin.data(), origin.size(), 0) == 0) return group;
            rmdir(group.c_str());
            return {};
        }
        return {};
    }

    const std::string mount_, own_, prefix_;
};

// Asks the monitor, which holds for this process.
class AskedHold final : public ProcessHold {
  public:
    explicit AskedHold(Monitor& monitor) : monitor_(monitor) {}
    void hold(const std::string& name, const std::vector<std::int32_t>& processes) override {
        (void)monitor_.ask("holds.hold", {{"name", name}, {"processes", processes}});
    }
    void release(const std::string& name) override { (void)monitor_.ask("holds.release", name); }
    std::vector<std::string> names() const override { return list<std::string>("holds.names", {}); }
    std::vector<std::int32_t> held(const std::string& name) const override {
        return list<std::int32_t>("holds.held", name);
    }

  private:
    template <typename Item>
    std::vector<Item> list(const char* what, const nlohmann::json& about) const {
        const auto answer = monitor_.ask(what, about);
        return answer ? answer->get<std::vector<Item>>() : std::vector<Item>();
    }
    Monitor& monitor_;
};

}  // namespace

bool hold_all(ProcessHold& hold, const std::string& name, const std::function<std::vector<std::int32_t>()>& find) {
    constexpr int max_rounds = 10;
    for (int round = 0; round < max_rounds; ++round) {
        auto left = find();
        const auto held = hold.held(name);
        std::erase_if(left, [&](std::int32_t id) { return std::find(held.begin(), held.end(), id) != held.end(); });
        if (left.empty()) return true;
        hold.hold(name, left);
    }
    return false;
}

Result<std::unique_ptr<ProcessHold>> ProcessHold::make(const std::string& instance) {
    if (auto* monitor = Monitor::in_use()) {
        const auto problem = monitor->ask("holds.problem", {});
        if (!problem) return problem.error();
        if (const auto what = problem->at(0).get<std::string>(); !what.empty())
            return Error{what, {}, problem->at(1).get<std::string>()};
        return std::unique_ptr<ProcessHold>(std::make_unique<AskedHold>(*monitor));
    }
    const auto fail = [](const std::string& why) {
        return Error{"programs cannot be stopped and continued: " + why, {}, "it needs cgroup v2 and root"};
    };
    const auto mount = mount_of_cgroups();
    if (mount.empty()) return fail("cgroup v2 is not mounted");
    const auto own = group_of("self");
    if (!own) return fail("this process is in no group");
    // Below our own group, which nobody but root may take from. In the root of all groups it gets a folder.
    const auto base = mount + (*own == "/" ? "/hort" : *own);
    if (mkdir(base.c_str(), 0755) != 0 && errno != EEXIST) return fail(base + ": " + std::strerror(errno));
    if (access((base + "/cgroup.procs").c_str(), W_OK) != 0) return fail(base + ": " + std::strerror(errno));
    return std::unique_ptr<ProcessHold>(std::make_unique<Freezer>(mount, base, instance));
}

}  // namespace hort::platform
