#include "platform/worker_process.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <future>
#include <memory>
#include <thread>

#include "platform/confinement.h"
#include "platform/linux/fd.h"

extern char** environ;

namespace hort::platform {
namespace {

namespace fs = std::filesystem;

constexpr int claim_of_worker = WorkerProcess::link_of_worker + 1;
constexpr auto claim_limit = std::chrono::seconds(5);

Error failed(const char* what, const std::string& where = {}) {
    return {std::string(what) + ": " + std::strerror(errno), where, {}};
}

class SpawnedWorker final : public WorkerProcess {
  public:
    SpawnedWorker(pid_t process, Fd link, Fd handle)
        : process_(process), link_(std::move(link)), handle_(std::move(handle)) {}
    ~SpawnedWorker() override {
        signal(SIGKILL);
        // Nothing to wait for where the messages of notify() have no end that matters.
        (void)waitpid(process_, nullptr, 0);
    }
    SpawnedWorker(const SpawnedWorker&) = delete;
    SpawnedWorker& operator=(const SpawnedWorker&) = delete;
    int link() const override { return link_.get(); }
    int ended() const override { return handle_.get(); }
    void signal(int number) override { (void)syscall(SYS_pidfd_send_signal, handle_.get(), number, nullptr, 0); }

  private:
    const pid_t process_;
    const Fd link_, handle_;
};

// Without following links: what the worker leaves here, another start finds.
Status give(int folder, const std::string& name, uid_t owner, gid_t group) {
    struct stat info {};
    if (fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return Done{};
    if (info.st_uid != 0 || (S_ISREG(info.st_mode) && info.st_nlink > 1)) return Done{};
    if (S_ISDIR(info.st_mode)) {
        const Fd inner(openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!inner) return failed("cannot be opened", name);
        std::error_code fault;
        std::vector<std::string> names;
        for (fs::directory_iterator it("/proc/self/fd/" + std::to_string(inner.get()), fault), end; !fault && it != end;
             it.increment(fault))
            names.push_back(it->path().filename().string());
        for (const auto& one : names)
            if (auto done = give(inner.get(), one, owner, group); !done) return done;
    }
    if (fchownat(folder, name.c_str(), owner, group, AT_SYMLINK_NOFOLLOW) != 0)
        return failed("cannot be given to the worker's account", name);
    return Done{};
}

// Whether others may go through all the folders that lead to it.
bool is_reachable(const fs::path& folder) {
    for (auto path = folder.parent_path(); !path.empty(); path = path.parent_path()) {
        struct stat info {};
        if (stat(path.c_str(), &info) != 0 || (info.st_mode & S_IXOTH) == 0) return false;
        if (path == path.root_path()) break;
    }
    return true;
}

}  // namespace

bool has_worker_account() { return getpwnam(worker_account) != nullptr; }

bool belongs_to_worker(const std::string& folder) {
    const passwd* entry = getpwnam(worker_account);
    struct stat info {};
    return entry != nullptr && stat(folder.c_str(), &info) == 0 && info.st_uid == entry->pw_uid;
}

Status give_to_worker(const std::string& folder, const std::string& kept) {
    const passwd* entry = getpwnam(worker_account);
    if (entry == nullptr) return Error{"there is no such account", worker_account, {}};
    const auto owner = entry->pw_uid;
    const auto group = entry->pw_gid;
    struct stat info {};
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failed("cannot be made", folder);
    const auto settings = folder + "/" + kept;
    if (lstat(settings.c_str(), &info) == 0 && info.st_uid != 0)
        return Error{"it belongs to somebody else than root", settings, "chown root " + settings};
    if (stat(folder.c_str(), &info) != 0) return failed("cannot be found", folder);
    if (!is_reachable(fs::absolute(folder)))
        return Error{"a folder on the way to it is closed to others", folder,
                     "the account " + std::string(worker_account) + " has to reach it"};
    if (info.st_uid == owner) return Done{};
    if (info.st_uid != 0) return Error{"it belongs neither to root nor to " + std::string(worker_account), folder, {}};
    const Fd top(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!top) return failed("cannot be opened", folder);
    std::vector<std::string> names;
    std::error_code fault;
    for (fs::directory_iterator it(folder, fault), end; !fault && it != end; it.increment(fault))
        if (it->path().filename() != kept) names.push_back(it->path().filename().string());
    for (const auto& name : names)
        if (auto done = give(top.get(), name, owner, group); !done) return done;
    if (fchown(top.get(), owner, group) != 0)
        return Error{std::string("cannot be given to the worker's account: ") + std::strerror(errno), folder,
                     "chown -R " + std::string(worker_account) + " " + folder};
    return Done{};
}

Result<int> claim_folder(const std::string& folder) {
    const Fd top(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Out of the way of what a worker gets.
    Fd claim(top ? fcntl(top.get(), F_DUPFD_CLOEXEC, 10) : -1);
    if (!claim) return failed("cannot be opened", folder);
    if (flock(claim.get(), LOCK_EX | LOCK_NB) == 0) return claim.release();
    if (errno != EWOULDBLOCK) return failed("cannot be claimed", folder);
    auto claimed = std::make_shared<std::promise<bool>>();
    auto is_claimed = claimed->get_future();
    std::thread([claimed, own = claim.get()] { claimed->set_value(flock(own, LOCK_EX) == 0); }).detach();
    if (is_claimed.wait_for(claim_limit) == std::future_status::ready && is_claimed.get()) return claim.release();
    (void)claim.release();  // the thread still waits
    return Error{"another hortd runs with this data folder", folder, "stop it first"};
}

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(const std::vector<std::string>& arguments, int claim) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return failed("no worker");
    Fd own(ends[0]), of_worker(ends[1]);
    // A worker that takes no answer does not keep the monitor waiting.
    const timeval limit{5, 0};
    setsockopt(own.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    std::vector<std::string> words{"hortd"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (auto& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&actions) != 0) return failed("no worker");
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return failed("no worker");
    }
    // Signals that the monitor waits for are for it.
    sigset_t none;
    sigemptyset(&none);
    pid_t process = 0;
    errno = posix_spawn_file_actions_adddup2(&actions, of_worker.get(), link_of_worker);
    if (errno == 0) errno = posix_spawn_file_actions_adddup2(&actions, claim, claim_of_worker);
    if (errno == 0) errno = posix_spawn_file_actions_addclosefrom_np(&actions, claim_of_worker + 1);
    if (errno == 0) errno = posix_spawnattr_setsigmask(&attributes, &none);
    if (errno == 0) errno = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    // The same file, also where an upgrade has put another one in its place.
    if (errno == 0) errno = posix_spawn(&process, "/proc/self/exe", &actions, &attributes, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (errno != 0) return failed("no worker");
    Fd handle(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
    if (!handle) {
        const auto fault = failed("no worker");
        kill(process, SIGKILL);
        return fault;
    }
    return std::unique_ptr<WorkerProcess>(std::make_unique<SpawnedWorker>(process, std::move(own), std::move(handle)));
}

}  // namespace hort::platform
