#include "platform/processes.h"

#include <arpa/inet.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "platform/linux/fd.h"

namespace hort::platform {
namespace {

std::string file_name(const std::string& path) {
    const auto slash = path.find_last_of("/\\");
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::optional<Process> read_process(std::int32_t id) {
    const auto folder = "/proc/" + std::to_string(id);
    struct stat status {};
    if (stat(folder.c_str(), &status) != 0) return std::nullopt;
    std::error_code fault;
    auto path = std::filesystem::read_symlink(folder + "/exe", fault).string();
    if (fault) return std::nullopt;  // a kernel thread, or gone
    if (path.ends_with(" (deleted)")) path.resize(path.size() - 10);
    auto name = file_name(path);
    if (name.starts_with("wine")) {
        // What Wine runs names itself in the first word of its command line.
        std::ifstream words(folder + "/cmdline");
        std::string word;
        while (std::getline(words, word, '\0'))
            if (word.ends_with(".exe")) {
                name = file_name(word);
                break;
            }
    }
    return Process{id, status.st_uid, std::move(name)};
}

// Lets through what starts a program and what ends a whole process; the kernel drops the rest, and nobody wakes.
bool filter_events(int socket) {
    constexpr auto event = sizeof(nlmsghdr) + sizeof(cn_msg);
    constexpr auto what = event + offsetof(proc_event, what);
    constexpr auto id = event + offsetof(proc_event, event_data), group = id + 4;
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, what),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(proc_event::PROC_EVENT_EXEC), 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(proc_event::PROC_EVENT_EXIT), 0, 5),
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
    explicit Connector(Fd socket) : socket_(std::move(socket)) {}
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
                if (const auto process = read_process(event.event_data.exec.process_tgid)) began(*process);
            } else if (event.what == proc_event::PROC_EVENT_EXIT) {
                ended(event.event_data.exit.process_tgid);
            }
        }
    }

    std::vector<Process> all() const override {
        std::vector<Process> out;
        std::error_code fault;
        for (const auto& entry : std::filesystem::directory_iterator("/proc", fault)) {
            const auto name = entry.path().filename().string();
            std::int32_t id = 0;
            if (std::from_chars(name.data(), name.data() + name.size(), id).ptr != name.data() + name.size()) continue;
            if (auto process = read_process(id)) out.push_back(*std::move(process));
        }
        return out;
    }

  private:
    Fd socket_;
};

}  // namespace

Result<std::unique_ptr<Processes>> Processes::watch() {
    const auto fail = [](const char* what) {
        return Error{std::string("cannot watch programs: ") + what + ": " + std::strerror(errno), {}, "it needs root"};
    };
    Fd socket(::socket(PF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR));
    if (!socket) return fail("no connector");
    sockaddr_nl own{};
    own.nl_family = AF_NETLINK;
    own.nl_groups = CN_IDX_PROC;
    if (bind(socket.get(), reinterpret_cast<sockaddr*>(&own), sizeof own) != 0) return fail("not allowed");
    if (!filter_events(socket.get())) return fail("no filter");
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
    return std::unique_ptr<Processes>(std::make_unique<Connector>(std::move(socket)));
}

}  // namespace hort::platform
