#include "platform/copy_guard.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "platform/linux/copy_reader.h"
#include "platform/linux/fd.h"
#include "platform/linux/mounts.h"
#include "platform/linux/process_account.h"

namespace hort::platform {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t max_known = 65536, max_waiting = 256, max_waiting_of_one = 32;
constexpr std::ptrdiff_t max_originals = 64;  // of one program
// How long who starts a program waits until it is known what it is. A file system of the child's own may never answer.
constexpr auto answer_limit = std::chrono::seconds(5);

// Nothing is started from these, or nothing of a person's.
bool has_no_programs(std::string_view kind) {
    constexpr std::string_view kinds[] = {"proc",        "sysfs",    "cgroup",     "cgroup2",    "devpts",
                                          "mqueue",      "debugfs",  "tracefs",    "securityfs", "pstore",
                                          "bpf",         "configfs", "fusectl",    "autofs",     "efivarfs",
                                          "binfmt_misc", "nsfs",     "rpc_pipefs", "selinuxfs"};
    return std::find(std::begin(kinds), std::end(kinds), kind) != std::end(kinds);
}

// A person's own file system (FUSE). Nobody else may open its files, root neither, and who has to is kept waiting as
// long as that person likes: nothing there is asked about. What is started from it by an account that is held is
// refused with its loader, or ended when it runs.
bool is_somebodys_own(std::string_view kind) { return kind == "fuse" || kind.starts_with("fuse."); }

class FilesystemGuard final : public CopyGuard {
  public:
    explicit FilesystemGuard(MayStart may_start)
        : may_start_(std::move(may_start)),
          // O_NONBLOCK: see exec_guard.cc.
          group_(fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE | FAN_REPORT_TID,
                               O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NONBLOCK)),
          end_(eventfd(0, EFD_CLOEXEC)),
          mounts_(open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)) {
        if (!group_ || !end_ || !mounts_ || reader_.descriptor() < 0) return;
        thread_ = std::thread([this] { answer_all(); });
        look_at_mounts();
    }
    ~FilesystemGuard() override {
        if (!thread_.joinable()) return;
        const std::uint64_t one = 1;
        (void)!write(end_.get(), &one, sizeof one);
        thread_.join();
    }
    FilesystemGuard(const FilesystemGuard&) = delete;
    FilesystemGuard& operator=(const FilesystemGuard&) = delete;
    bool is_running() const { return thread_.joinable() && !marked_.empty(); }

    void look_for(const std::vector<ExecGuard::File>& files, const std::set<std::string>& programs) override {
        auto originals = std::make_shared<Originals>();
        CopyFinder finder;
        std::erase_if(read_, [&](const auto& known) { return !programs.contains(known.second.program); });
        for (const auto& wanted : files) {
            const auto& program = wanted.program;
            const Fd file(open(wanted.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
            struct stat info {};
            if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0) continue;
            const auto inode = inode_of(info);
            if (std::any_of(read_.begin(), read_.end(),
                            [&](const auto& known) { return known.first == inode && known.second.program == program; }))
                continue;
            auto original = finder.original_of(file.get(), info.st_size, program);
            if (!original) continue;
            // Whoever changes it all the time changes the last one.
            const auto same = [&](const auto& known) { return known.second.program == program; };
            if (std::count_if(read_.begin(), read_.end(), same) >= max_originals)
                read_.erase(std::next(std::find_if(read_.rbegin(), read_.rend(), same)).base());
            read_.emplace_back(inode, *std::move(original));
        }
        for (const auto& [inode, original] : read_) originals->all.push_back(original);
        if (originals_ && originals_->all == originals->all) return;
        reader_.set(originals);
        const std::lock_guard lock(mutex_);
        originals_ = std::move(originals);
        known_.clear();
    }

    std::vector<std::string> programs_of_process(std::int32_t process) override {
        std::shared_ptr<const Originals> originals;
        {
            const std::lock_guard lock(mutex_);
            originals = originals_;
        }
        // Not opened, nor asked about anything: whose file system it is may keep whoever does waiting for ever.
        const auto number = std::to_string(process);
        const Fd exe(open(("/proc/" + number + "/exe").c_str(), O_PATH | O_CLOEXEC));
        const auto id = exe ? mount_id_of(exe.get()) : std::nullopt;
        if (!originals || !id) return {};
        if (!is_of_memory(*id)) {
            const auto mount = mount_of(*id, process);
            if (!mount) return originals->programs();
            if (!marked_.contains(mount->device)) look_at_mounts();
            if (marked_.contains(mount->device)) return {};
            if (mount->kind != "tmpfs" && mount->kind != "ramfs") return originals->programs();
        }
        const Fd file(open(("/proc/self/fd/" + std::to_string(exe.get())).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        struct stat info {};
        if (!file || fstat(file.get(), &info) != 0) return originals->programs();
        return CopyFinder().look(*originals, file.get(), info.st_size).programs;
    }

    int descriptor() const override { return mounts_.get(); }

    // A mark holds for the whole file system, through whichever of its mounts it is seen.
    void look_at_mounts() override {
        std::set<std::string> seen;
        std::set<dev_t> slow;
        for (const auto& [id, device, place, kind] : mounts_of()) {
            if (kind.starts_with("nfs") || kind.starts_with("cifs")) {
                unsigned major = 0, minor = 0;
                if (std::sscanf(device.c_str(), "%u:%u", &major, &minor) == 2) slow.insert(makedev(major, minor));
            }
            if (has_no_programs(kind) || is_somebodys_own(kind) || !seen.insert(device).second ||
                marked_.contains(device))
                continue;
            if (fanotify_mark(group_.get(), FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN_EXEC_PERM, AT_FDCWD,
                              place.c_str()) == 0)
                marked_.insert(device);
        }
        {
            const std::lock_guard lock(mutex_);
            slow_.swap(slow);
        }
        // Of what is gone the number is given to another one.
        std::erase_if(marked_, [&](const std::string& device) { return !seen.contains(device); });
    }

  private:
    // Browsers shut themselves in where they see no mount, not even their own program's: then their ancestors do.
    static std::optional<Mount> mount_of(std::int64_t id, std::int32_t process) {
        constexpr int max_ancestors = 8;
        std::string seen_by = "self";
        for (int i = 0; i <= max_ancestors && process > 1; ++i) {
            for (auto& mount : mounts_of(seen_by))
                if (mount.id == id) return std::move(mount);
            if (i > 0) process = parent_of(process);
            seen_by = std::to_string(process);
        }
        return std::nullopt;
    }

    struct Waiting {
        std::uint64_t id = 0;
        Fd event;
        std::int32_t thread = 0;
        std::uint32_t account = 0;
        Clock::time_point until;
    };

    // Who waits waits for this thread: it opens nothing but what is in /proc, and reads of files what is in memory.
    void answer_all() {
        hurry();
        std::array<pollfd, 3> waited{
            {{group_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}, {reader_.descriptor(), POLLIN, 0}}};
        for (;;) {
            if (poll(waited.data(), waited.size(), time_left()) < 0 && errno != EINTR) return;
            if ((waited[1].revents & POLLIN) != 0) return;
            if ((waited[2].revents & POLLIN) != 0) take_found();
            give_up_late();
            alignas(fanotify_event_metadata) std::array<char, 8192> buffer;
            auto left = read(group_.get(), buffer.data(), buffer.size());
            for (auto* event = reinterpret_cast<const fanotify_event_metadata*>(buffer.data());
                 left > 0 && FAN_EVENT_OK(event, left); event = FAN_EVENT_NEXT(event, left)) {
                if (event->vers != FANOTIFY_METADATA_VERSION || event->fd < 0) continue;
                look_at(*event);
            }
        }
    }

    void answer(int event, bool may_start) const {
        const fanotify_response response{event, static_cast<std::uint32_t>(may_start ? FAN_ALLOW : FAN_DENY)};
        (void)!write(group_.get(), &response, sizeof response);
    }

    void look_at(const fanotify_event_metadata& event) {
        Fd file(event.fd);
        struct stat info {};
        if ((event.mask & FAN_OPEN_EXEC_PERM) == 0) return;
        if (fstat(file.get(), &info) != 0) return answer(file.get(), true);
        const auto inode = inode_of(info);
        std::optional<Known> known;
        std::shared_ptr<const Originals> originals;
        bool is_slow = false;
        {
            const std::lock_guard lock(mutex_);
            is_slow = slow_.contains(inode.device);
            originals = originals_;
            if (const auto it = known_.find(inode); it != known_.end()) known = it->second;
        }
        if (known && known->programs.empty()) return answer(file.get(), may_begin(event.pid, {}, *known));
        // Who is gone waits for nothing.
        const auto account = account_of(event.pid);
        if (!account || *account == 0 || may_start_(*account, {})) {
            word_of(event.pid) = event.pid;
            answer(file.get(), true);
            // Known before long, it costs nobody as much again.
            if (!known && !is_slow) (void)reader_.add({++last_id_, std::move(file), inode}, false);
            return;
        }
        if (!known && !is_slow && originals) {
            known = finder_.look_at_once(*originals, file.get(), info.st_size);
            if (known) remember(inode, *known, originals);
        }
        if (known) return answer(file.get(), may_begin(event.pid, account, *known));
        const auto id = ++last_id_;
        const auto of_one = std::count_if(waiting_.begin(), waiting_.end(),
                                          [&](const Waiting& one) { return one.account == *account; });
        if (waiting_.size() >= max_waiting || of_one >= static_cast<std::ptrdiff_t>(max_waiting_of_one) ||
            !reader_.add({id, Fd(fcntl(file.get(), F_DUPFD_CLOEXEC, 0)), inode}, true))
            return answer(file.get(), false);
        waiting_.push_back({id, std::move(file), event.pid, *account, Clock::now() + answer_limit});
    }

    // Whether a thread may open this file; of a copy, the account is to be known.
    bool may_begin(std::int32_t thread, std::optional<std::uint32_t> account, const Known& known) {
        if (known.is_loader) return may_load(thread);
        // What is refused leaves no word for a loader behind.
        if (!known.programs.empty() && !may_start_(*account, known.programs)) return false;
        if (known.is_dynamic) word_of(thread) = thread;
        return true;
    }

    // Of a thread: itself, once it opened a program and not yet its loader.
    std::int32_t& word_of(std::int32_t thread) { return begun_[static_cast<std::uint32_t>(thread) % begun_.size()]; }

    void remember(const Inode& inode, const Known& known, const std::shared_ptr<const Originals>& by) {
        const std::lock_guard lock(mutex_);
        if (known_.size() >= max_known) known_.clear();
        if (by == originals_) known_[inode] = known;
    }

    // Whether a thread may open a loader. The kernel opens a program and then its loader: one whose program nobody was
    // asked about (from memory, on a file system of the person's own) is not let through, and neither is a loader that
    // is started as a program, because it runs the file that it is told to.
    bool may_load(std::int32_t thread) {
        const bool belongs = std::exchange(word_of(thread), 0) == thread;
        // Every start waits for this: whose rights it has is enough, and cheaper than who has them.
        const auto account = effective_account_of(thread);
        if (!account || *account == 0 || may_start_(*account, {})) return true;
        return belongs && (!tells_stack_ || is_loading_program(thread));
    }

    void take_found() {
        for (auto& found : reader_.take()) {
            remember(found.inode, found.known, found.by);
            const auto it =
                std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& one) { return one.id == found.id; });
            if (it == waiting_.end()) continue;
            answer(it->event.get(), may_begin(it->thread, it->account, found.known));
            waiting_.erase(it);
        }
    }

    int time_left() const {
        if (waiting_.empty()) return -1;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(waiting_.front().until - Clock::now()).count();
        return static_cast<int>(std::max<std::int64_t>(0, left));
    }

    // A child does not start what nobody could look at.
    void give_up_late() {
        while (!waiting_.empty() && waiting_.front().until <= Clock::now()) {
            answer(waiting_.front().event.get(), false);
            waiting_.pop_front();
        }
    }

    const MayStart may_start_;
    const bool tells_stack_ = platform::tells_stack();
    const Fd group_, end_, mounts_;
    CopyReader reader_;
    std::vector<std::pair<Inode, Originals::Original>> read_;  // in the order in which they were found
    std::set<std::string> marked_;                             // devices, as mountinfo names them
    std::mutex mutex_;
    std::shared_ptr<const Originals> originals_;
    std::map<Inode, Known> known_;
    std::set<dev_t> slow_;  // whose files may let a reader wait: only who must is read
    // Of the guard's thread.
    CopyFinder finder_;
    std::array<std::int32_t, 4096> begun_{};  // threads that opened a program, and not yet its loader
    std::list<Waiting> waiting_;              // in the order of their ends
    std::uint64_t last_id_ = 0;
    std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<CopyGuard>> CopyGuard::start(MayStart may_start) {
    auto out = std::make_unique<FilesystemGuard>(std::move(may_start));
    if (!out->is_running())
        return Error{std::string("copies of programs cannot be guarded: ") + std::strerror(errno),
                     {},
                     "it needs root (CAP_SYS_ADMIN) and fanotify with permission events in the kernel"};
    return std::unique_ptr<CopyGuard>(std::move(out));
}

}  // namespace hort::platform
