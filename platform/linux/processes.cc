#include "platform/processes.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "platform/linux/fd.h"
#include "platform/linux/memory_reader.h"
#include "platform/linux/process_message.h"
#include "platform/monitor.h"
#include "rules/json_number.h"

namespace hort::platform {

using nlohmann::json;

namespace {

constexpr std::size_t max_arguments = 16, max_argument = 4096;

MemoryReader& own_memory_reader() {
    static MemoryReader reader(std::chrono::milliseconds(500));
    return reader;
}

// Calls `each` for every part of a text that is divided by `end`.
template <typename Each>
void split(std::string_view text, char end, const Each& each) {
    while (!text.empty()) {
        const auto at = std::min(text.find(end), text.size());
        each(text.substr(0, at));
        text.remove_prefix(std::min(at + 1, text.size()));
    }
}

std::string path_of(const std::string& folder) {
    std::error_code fault;
    auto path = std::filesystem::read_symlink(folder + "/exe", fault).string();
    if (path.ends_with(" (deleted)")) path.resize(path.size() - 10);
    return fault ? std::string() : path;  // empty: a kernel thread, or gone
}

// The place of a mount as the kernel tells it (proc_pid_mountinfo(5)). Nothing of the process's own file systems is
// touched: they might never answer.
std::string folder_at(const std::string& process, std::string_view place) {
    struct stat own {};
    struct stat usual {};
    if (stat((process + "/ns/mnt").c_str(), &own) != 0) return {};
    if ((stat("/proc/1/ns/mnt", &usual) == 0 || stat("/proc/self/ns/mnt", &usual) == 0) && own.st_ino == usual.st_ino)
        return {};
    std::string out;
    split(beginning_of(process + "/mountinfo"), '\n', [&](std::string_view line) {
        std::array<std::string_view, 5> fields;
        std::size_t count = 0;
        split(line, ' ', [&](std::string_view field) {
            if (count < fields.size()) fields[count++] = field;
        });
        if (count == fields.size() && fields[4] == place) out = fields[3];
    });
    return out;
}

std::optional<Process> read_process(std::int32_t id, const Processes::IsWanted& is_wanted) {
    const auto folder = "/proc/" + std::to_string(id);
    struct stat status {};
    if (stat(folder.c_str(), &status) != 0 || !is_wanted(status.st_uid)) return std::nullopt;
    if (auto* monitor = Monitor::in_use()) {
        const auto found = monitor->ask("processes.find", id);
        if (!found || found->is_null()) return std::nullopt;
        auto out = process_of(*found);
        return is_wanted(out.account) ? std::optional(std::move(out)) : std::nullopt;
    }
    Process out{id, status.st_uid, path_of(folder), {}, {}, {}, {}, {}};
    if (out.path.empty()) return std::nullopt;
    const auto memory = own_memory_reader().read(folder, status.st_uid).value_or(MemoryReader::Text());
    split(memory.arguments, '\0', [&](std::string_view argument) {
        if (out.arguments.size() < max_arguments) out.arguments.emplace_back(argument.substr(0, max_argument));
    });
    split(beginning_of(folder + "/cgroup"), '\n', [&](std::string_view line) {
        if (line.starts_with("0::")) out.cgroup = line.substr(3);
    });
    split(memory.environment, '\0', [&](std::string_view variable) {
        if (variable.starts_with("APPIMAGE=")) out.app_image = variable.substr(9, max_argument);
        if (variable.starts_with("SteamAppId=")) out.steam_app = variable.substr(11, 16);
    });
    out.app_folder = folder_at(folder, "/app");
    return out;
}

// Lets through what starts a program, and maybe what ends a whole process; the kernel drops the rest, and nobody wakes.
bool filter_events(int socket, Processes::Tell tell) {
    constexpr auto event = sizeof(nlmsghdr) + sizeof(cn_msg);
    constexpr auto what = event + offsetof(proc_event, what);
    constexpr auto id = event + offsetof(proc_event, event_data), group = id + 4;
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, what),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(proc_event::PROC_EVENT_EXEC), 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                 tell == Processes::Tell::starts ? UINT32_MAX : htonl(proc_event::PROC_EVENT_EXIT), 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, id),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, group),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const sock_fprog filter{sizeof program / sizeof *program, program};
    return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}

class Connector final : public Processes {
  public:
    Connector(Fd socket, IsWanted is_wanted) : socket_(std::move(socket)), is_wanted_(std::move(is_wanted)) {}
    int descriptor() const override { return socket_.get(); }

    bool process(const std::function<void(const Process&)>& began,
                 const std::function<void(std::int32_t)>& ended) override {
        alignas(nlmsghdr) char buffer[4096];
        for (;;) {
            sockaddr_nl from{};
            socklen_t size = sizeof from;
            const auto got =
                recvfrom(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &size);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return errno != ENOBUFS;
            if (from.nl_pid != 0) continue;  // not the kernel
            constexpr auto head = sizeof(nlmsghdr) + sizeof(cn_msg);
            if (static_cast<std::size_t>(got) < head + sizeof(proc_event)) continue;
            proc_event event;
            std::memcpy(&event, buffer + head, sizeof event);
            if (event.what == proc_event::PROC_EVENT_EXEC) {
                ended(event.event_data.exec.process_tgid);  // what it was before
                if (const auto process = read_process(event.event_data.exec.process_tgid, is_wanted_)) began(*process);
            } else if (event.what == proc_event::PROC_EVENT_EXIT) {
                ended(event.event_data.exit.process_tgid);
            }
        }
    }

  private:
    const Fd socket_;
    const IsWanted is_wanted_;
};

}  // namespace

std::optional<Process> Processes::find(std::int32_t id, const IsWanted& is_wanted) {
    return read_process(id, is_wanted);
}

std::vector<Process> Processes::all(const IsWanted& is_wanted) {
    std::vector<Process> out;
    std::error_code fault;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", fault)) {
        const auto name = entry.path().filename().string();
        std::int32_t id = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), id).ptr != name.data() + name.size()) continue;
        if (auto process = read_process(id, is_wanted)) out.push_back(*std::move(process));
    }
    return out;
}

bool send_signal(const Process& process, int signal) {
    if (auto* monitor = Monitor::in_use()) {
        const auto done = monitor->ask("processes.signal", {{"process", message_of(process)}, {"signal", signal}});
        return done && done->get<bool>();
    }
    const Fd handle(static_cast<int>(syscall(SYS_pidfd_open, process.id, 0)));
    if (!handle) return false;
    const auto folder = "/proc/" + std::to_string(process.id);
    struct stat status {};
    // Of what the handle holds by now: the number cannot be another one's any more.
    if (stat(folder.c_str(), &status) != 0 || status.st_uid != process.account || path_of(folder) != process.path)
        return false;
    return syscall(SYS_pidfd_send_signal, handle.get(), signal, nullptr, 0) == 0;
}

namespace {

// A connector that is told of everything.
Result<Fd> listening_connector(Processes::Tell tell) {
    const auto fail = [](const char* what) {
        return Error{std::string("cannot watch programs: ") + what + ": " + std::strerror(errno), {}, "it needs root"};
    };
    Fd socket(::socket(PF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR));
    if (!socket) return fail("no connector");
    sockaddr_nl own{};
    own.nl_family = AF_NETLINK;
    own.nl_groups = CN_IDX_PROC;
    if (bind(socket.get(), reinterpret_cast<sockaddr*>(&own), sizeof own) != 0) return fail("not allowed");
    if (!filter_events(socket.get(), tell)) return fail("no filter");
    const proc_cn_mcast_op operation = PROC_CN_MCAST_LISTEN;
    nlmsghdr head{};
    cn_msg message{};
    char request[sizeof head + sizeof message + sizeof operation];
    head.nlmsg_len = sizeof request;
    head.nlmsg_type = NLMSG_DONE;
    message.id.idx = CN_IDX_PROC;
    message.id.val = CN_VAL_PROC;
    message.len = sizeof operation;
    std::memcpy(request, &head, sizeof head);
    std::memcpy(request + sizeof head, &message, sizeof message);
    std::memcpy(request + sizeof head + sizeof message, &operation, sizeof operation);
    if (send(socket.get(), request, sizeof request, 0) != sizeof request) return fail("not heard");
    return socket;
}

}  // namespace

Result<int> watched_processes(Processes::Tell tell) {
    auto socket = listening_connector(tell);
    // It is in the machine's first network namespace only, and tells of all processes there.
    if (!socket)
        std::thread([&] {
            const Fd first(open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC));
            if (first && setns(first.get(), CLONE_NEWNET) == 0)
                socket = listening_connector(tell);  // this thread alone
        }).join();
    if (!socket) return socket.error();
    return socket->release();
}

Result<std::unique_ptr<Processes>> Processes::watch(Tell tell, IsWanted is_wanted) {
    Result<int> socket = -1;
    if (auto* monitor = Monitor::in_use()) {
        int given = -1;
        const auto asked = monitor->ask("processes.watch", {{"ends", tell == Tell::starts_and_ends}}, &given);
        if (!asked) return asked.error();
        socket = given;
    } else {
        socket = watched_processes(tell);
    }
    if (!socket) return socket.error();
    return std::unique_ptr<Processes>(std::make_unique<Connector>(Fd(*socket), std::move(is_wanted)));
}

json message_of(const Process& process) {
    return {{"id", process.id},
            {"account", process.account},
            {"path", process.path},
            {"arguments", process.arguments},
            {"cgroup", process.cgroup},
            {"app_image", process.app_image},
            {"steam_app", process.steam_app},
            {"app_folder", process.app_folder}};
}

Process process_of(const json& message) {
    const auto text = [&](const char* key) { return message.at(key).get<std::string>(); };
    return {whole_number<std::int32_t>(message.at("id")),
            whole_number<std::uint32_t>(message.at("account")),
            text("path"),
            message.at("arguments").get<std::vector<std::string>>(),
            text("cgroup"),
            text("app_image"),
            text("steam_app"),
            text("app_folder")};
}

}  // namespace hort::platform
