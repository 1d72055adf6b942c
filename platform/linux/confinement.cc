#include "platform/confinement.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "platform/linux/fd.h"

namespace hort::platform {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif
#else
constexpr bool is_sanitized = false;
#endif

Error failed(const char* what) { return {std::string(what) + ": " + std::strerror(errno), {}, {}}; }

Status become_worker() {
    const passwd* entry = getpwnam(worker_account);
    if (entry == nullptr) return Error{"there is no such account", worker_account, {}};
    const auto account = entry->pw_uid;
    const auto group = entry->pw_gid;
    if (account == 0) return Error{"the worker's account is root's", worker_account, {}};
    if (prctl(PR_SET_KEEPCAPS, 1) != 0 || setgroups(0, nullptr) != 0 || setresgid(group, group, group) != 0 ||
        setresuid(account, account, account) != 0)
        return failed("cannot become the worker's account");
    __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
    constexpr auto kept = std::uint32_t{1} << CAP_NET_BIND_SERVICE;
    __user_cap_data_struct rights[2] = {{kept, kept, 0}, {0, 0, 0}};
    if (syscall(SYS_capset, &head, rights) != 0) return failed("cannot give up the rights of root");
    // Whoever started it is the monitor: without it nothing here has a meaning. (Becoming an account forgets this.)
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return failed("cannot end with the monitor");
    (void)prctl(PR_SET_NAME, "hortd-worker");  // beside the monitor, which is "hortd"
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("cannot give up new rights");
    return Done{};
}

// What newer headers have; an older kernel is asked for less.
struct Ruleset {
    std::uint64_t files = 0, ports = 0, scopes = 0;
};
constexpr std::uint64_t all_of_abi_1 = (1u << 13) - 1, refer = 1u << 13, truncate_file = 1u << 14,
                        ioctl_device = 1u << 15;
constexpr std::uint64_t abstract_sockets = 1, signals = 2;
constexpr std::uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t of_files =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | truncate_file | LANDLOCK_ACCESS_FS_EXECUTE;

Status restrict_files(const Places& places) {
    const auto version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1 && (errno == ENOSYS || errno == EOPNOTSUPP)) return Done{};  // a kernel without it
    if (version < 1) return failed("cannot restrict files");
    Ruleset rules{all_of_abi_1, 0, 0};
    if (version >= 2) rules.files |= refer;
    if (version >= 3) rules.files |= truncate_file;
    if (version >= 5) rules.files |= ioctl_device;
    if (version >= 6) rules.scopes = abstract_sockets | signals;
    const std::size_t size = version >= 6 ? sizeof rules : sizeof rules.files;
    const Fd ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &rules, size, 0)));
    if (!ruleset) return failed("cannot restrict files");
    const auto allow = [&](const std::string& path, std::uint64_t rights) {
        const Fd place(open(path.c_str(), O_PATH | O_CLOEXEC));
        struct stat info {};
        if (!place || fstat(place.get(), &info) != 0) return true;  // what is not there is not opened
        landlock_path_beneath_attr rule{};
        rule.allowed_access = rights & rules.files & (S_ISDIR(info.st_mode) ? ~std::uint64_t{0} : of_files);
        rule.parent_fd = place.get();
        return syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    };
    const auto writing = (all_of_abi_1 | refer | truncate_file) & ~std::uint64_t{LANDLOCK_ACCESS_FS_EXECUTE};
    for (const auto& path : places.read)
        if (!allow(path, reading)) return failed("cannot restrict files");
    for (const auto& path : places.write)
        if (!allow(path, writing)) return failed("cannot restrict files");
    if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return failed("cannot restrict files");
    return Done{};
}

// What hortd and the libraries below it call. Everything else is refused as if it were not allowed to this account.
constexpr std::string_view needed =
    // memory
    "brk munmap mremap madvise membarrier memfd_create "
    // files
    "open openat openat2 close close_range read readv pread64 preadv preadv2 write writev pwrite64 pwritev "
    "pwritev2 lseek _llseek stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs "
    "statfs64 fstatfs fstatfs64 access faccessat faccessat2 readlink readlinkat getdents getdents64 getcwd "
    "fcntl fcntl64 flock fsync fdatasync ftruncate ftruncate64 fallocate rename renameat renameat2 unlink "
    "unlinkat mkdir mkdirat rmdir chmod fchmod fchmodat umask utimensat link linkat sendfile sendfile64 "
    "splice tee copy_file_range dup dup2 dup3 pipe pipe2 ioctl getxattr fgetxattr lgetxattr fadvise64 "
    "sync_file_range "
    // events and time
    "epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 poll ppoll select _newselect "
    "pselect6 eventfd eventfd2 timerfd_create timerfd_settime timerfd_gettime inotify_init inotify_init1 "
    "inotify_add_watch inotify_rm_watch signalfd signalfd4 nanosleep clock_nanosleep clock_gettime "
    "clock_getres gettimeofday time times adjtimex clock_adjtime alarm setitimer getitimer "
    // sockets
    "bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt send sendto "
    "sendmsg sendmmsg recv recvfrom recvmsg recvmmsg socketpair "
    // threads and signals
    "futex futex_waitv set_robust_list get_robust_list rseq set_tid_address exit exit_group sched_yield "
    "sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler getpriority setpriority "
    "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack "
    "sigreturn restart_syscall tgkill tkill kill getpid getppid gettid arch_prctl set_thread_area getcpu "
    // who and where it is
    "getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid "
    "getresgid32 getgroups getgroups32 getpgrp getpgid getsid capget uname sysinfo getrusage getrlimit "
    "ugetrlimit prlimit64 setrlimit getrandom prctl ";
// ASan looks for leaks in the memory of a process that it stops; both start programs to name lines.
constexpr std::string_view needed_by_sanitizers =
    "ptrace mmap mprotect wait4 waitid process_vm_readv personality clone3 vfork execve fork clone";

constexpr scmp_arg_cmp is_equal(unsigned argument, scmp_datum_t value) { return {argument, SCMP_CMP_EQ, value, 0}; }
constexpr scmp_arg_cmp has_bits(unsigned argument, scmp_datum_t mask, scmp_datum_t bits) {
    return {argument, SCMP_CMP_MASKED_EQ, mask, bits};
}

class CallFilter {
  public:
    CallFilter() : filter_(seccomp_init(SCMP_ACT_ERRNO(EPERM)), seccomp_release) {
        // A tree: it is asked all the time.
        note(filter_ ? seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2) : -ENOMEM);
    }
    void allow(std::string_view names) {
        while (!names.empty()) {
            const auto end = std::min(names.find(' '), names.size());
            const int number = seccomp_syscall_resolve_name(std::string(names.substr(0, end)).c_str());
            names.remove_prefix(std::min(end + 1, names.size()));
            if (number >= 0)
                note(seccomp_rule_add(filter_.get(), SCMP_ACT_ALLOW, number, 0));  // else another machine's
        }
    }
    void allow_if(int number, scmp_arg_cmp condition) {
        note(seccomp_rule_add_array(filter_.get(), SCMP_ACT_ALLOW, number, 1, &condition));
    }
    void refuse(int number, int error) {
        note(seccomp_rule_add(filter_.get(), SCMP_ACT_ERRNO(static_cast<std::uint32_t>(error)), number, 0));
    }
    Status load() {
        if (fault_ == 0) note(seccomp_load(filter_.get()));
        if (fault_ == 0) return Done{};
        return Error{std::string("cannot restrict system calls: ") + std::strerror(-fault_), {}, {}};
    }

  private:
    void note(int code) {
        if (code < 0 && fault_ == 0) fault_ = code;
    }
    const std::unique_ptr<void, decltype(&seccomp_release)> filter_;
    int fault_ = 0;
};

Status restrict_calls() {
    CallFilter filter;
    filter.allow(needed);
    for (const auto family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK})
        filter.allow_if(SCMP_SYS(socket), is_equal(0, static_cast<scmp_datum_t>(family)));
    if (is_sanitized) {
        filter.allow(needed_by_sanitizers);
        return filter.load();
    }
    // Code is what was mapped as such (a library): neither what is written as well, nor what was written before.
    filter.allow_if(SCMP_SYS(mprotect), has_bits(2, PROT_EXEC, 0));
    filter.allow_if(SCMP_SYS(mmap), has_bits(2, PROT_EXEC, 0));
    filter.allow_if(SCMP_SYS(mmap), has_bits(2, PROT_EXEC | PROT_WRITE, PROT_EXEC));
    // A thread, no process. What clone3 is asked for cannot be seen: the library falls back to clone.
    filter.allow_if(SCMP_SYS(clone), has_bits(0, CLONE_THREAD, CLONE_THREAD));
    filter.refuse(SCMP_SYS(clone3), ENOSYS);
    return filter.load();
}

}  // namespace

Status confine(const Places& places) {
    if (auto done = become_worker(); !done) return done;
    // What is looked for at its end needs to look into it.
    if (is_sanitized && prctl(PR_SET_DUMPABLE, 1) != 0) return failed("cannot be looked into");
    if (!is_sanitized)
        if (auto done = restrict_files(places); !done) return done;
    return restrict_calls();
}

}  // namespace hort::platform
