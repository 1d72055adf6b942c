#include "platform/exec_guard.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "platform/linux/fd.h"
#include "platform/linux/process_account.h"

namespace hort::platform {
namespace {

using Inode = std::pair<dev_t, ino_t>;
constexpr std::uint64_t asked_about = FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM;
constexpr std::size_t max_guarded = 4096;

class FanotifyGuard final : public ExecGuard {
  public:
    explicit FanotifyGuard(MayOpen may_open)
        : may_open_(std::move(may_open)),
          // Without a limit: beyond one the kernel lets through whoever it would have asked about (fanotify(7)).
          // Of files there are as many as a child makes. And the kernel opens each for this thread: of one that
          // somebody holds a lease on (fcntl(2)) that would take 45 s, hence O_NONBLOCK; who wanted it is refused.
          group_(
              fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS,
                            O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NONBLOCK)),
          end_(eventfd(0, EFD_CLOEXEC)),
          folders_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
        if (group_ && end_ && folders_) thread_ = std::thread([this] { answer_all(); });
    }
    ~FanotifyGuard() override {
        if (!thread_.joinable()) return;
        const std::uint64_t one = 1;
        (void)!write(end_.get(), &one, sizeof one);
        thread_.join();
    }
    FanotifyGuard(const FanotifyGuard&) = delete;
    FanotifyGuard& operator=(const FanotifyGuard&) = delete;
    bool is_running() const { return thread_.joinable(); }

    void guard(const std::vector<File>& files, const std::set<std::string>& programs) override {
        std::map<Inode, std::vector<std::string>> wanted;
        {
            const std::lock_guard lock(mutex_);
            for (const auto& [inode, known] : guarded_)
                for (const auto& program : known)
                    if (programs.contains(program) && wanted.size() < max_guarded) wanted[inode].push_back(program);
        }
        std::vector<const File*> marked;
        for (const auto& file : files) {
            struct stat info {};
            if (stat(file.path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
            auto& known = wanted[{info.st_dev, info.st_ino}];
            if (std::find(known.begin(), known.end(), file.program) == known.end()) known.push_back(file.program);
            marked.push_back(&file);
        }
        // Known before it is marked, so that nobody is let through in between.
        {
            const std::lock_guard lock(mutex_);
            guarded_.swap(wanted);
        }
        std::set<std::string> paths;
        for (const auto* file : marked) {
            (void)fanotify_mark(group_.get(), FAN_MARK_ADD, asked_about, AT_FDCWD, file->path.c_str());
            paths.insert(file->path);
        }
        for (const auto& path : paths_)
            if (!paths.contains(path) && !is_guarded(path))
                (void)fanotify_mark(group_.get(), FAN_MARK_REMOVE, asked_about, AT_FDCWD, path.c_str());
        paths_.swap(paths);
    }

    std::size_t count() const override {
        const std::lock_guard lock(mutex_);
        return guarded_.size();
    }

    void watch(const std::vector<std::string>& folders) override {
        std::set<std::string> wanted(folders.begin(), folders.end());
        for (auto it = watched_.begin(); it != watched_.end();)
            if (wanted.contains(it->first)) {
                ++it;
            } else {
                inotify_rm_watch(folders_.get(), it->second);
                it = watched_.erase(it);
            }
        for (const auto& folder : wanted) {
            // A program comes whole by a rename, or is written in place; its mode makes it one.
            const int watch =
                inotify_add_watch(folders_.get(), folder.c_str(),
                                  IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB | IN_DELETE_SELF | IN_ONLYDIR);
            if (watch >= 0) watched_[folder] = watch;
        }
    }
    int descriptor() const override { return folders_.get(); }

    bool has_changed() override {
        bool out = false;
        std::array<char, 16384> buffer;
        for (;;) {
            const auto size = read(folders_.get(), buffer.data(), buffer.size());
            if (size < 0 && errno == EINTR) continue;
            if (size <= 0) return out;
            out = true;
        }
    }

  private:
    bool is_guarded(const std::string& path) const {
        struct stat info {};
        const std::lock_guard lock(mutex_);
        return stat(path.c_str(), &info) == 0 && guarded_.contains({info.st_dev, info.st_ino});
    }

    // Whoever opens a marked file waits for this thread: it does nothing else, and takes no lock that is held for long.
    void answer_all() {
        hurry();
        std::array<pollfd, 2> waited{{{group_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}}};
        for (;;) {
            if (poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR) return;
            if ((waited[1].revents & POLLIN) != 0) return;
            alignas(fanotify_event_metadata) std::array<char, 8192> buffer;
            auto left = read(group_.get(), buffer.data(), buffer.size());
            for (auto* event = reinterpret_cast<const fanotify_event_metadata*>(buffer.data());
                 left > 0 && FAN_EVENT_OK(event, left); event = FAN_EVENT_NEXT(event, left)) {
                const Fd file(event->fd);
                if (event->vers != FANOTIFY_METADATA_VERSION || !file || (event->mask & asked_about) == 0) continue;
                const fanotify_response answer{event->fd,
                                               static_cast<std::uint32_t>(may_open(*event) ? FAN_ALLOW : FAN_DENY)};
                (void)!write(group_.get(), &answer, sizeof answer);
            }
        }
    }

    bool may_open(const fanotify_event_metadata& event) const {
        if (event.pid == getpid()) return true;
        struct stat info {};
        if (fstat(event.fd, &info) != 0) return true;
        std::vector<std::string> programs;
        {
            const std::lock_guard lock(mutex_);
            const auto found = guarded_.find({info.st_dev, info.st_ino});
            if (found == guarded_.end()) return true;
            programs = found->second;
        }
        // Who is gone waits for nothing.
        const auto account = account_of(event.pid);
        return !account || *account == 0 || may_open_(*account, programs);
    }

    const MayOpen may_open_;
    const Fd group_, end_, folders_;
    mutable std::mutex mutex_;
    std::map<Inode, std::vector<std::string>> guarded_;
    std::set<std::string> paths_;
    std::map<std::string, int> watched_;
    std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<ExecGuard>> ExecGuard::start(MayOpen may_open) {
    auto out = std::make_unique<FanotifyGuard>(std::move(may_open));
    if (!out->is_running())
        return Error{std::string("programs cannot be guarded: ") + std::strerror(errno),
                     {},
                     "it needs root (CAP_SYS_ADMIN) and fanotify with permission events in the kernel"};
    return std::unique_ptr<ExecGuard>(std::move(out));
}

}  // namespace hort::platform
