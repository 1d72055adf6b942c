// CopyGuard: asks before a copy of certain programs is started, wherever it lies and whatever it is called. It sees
// every start of a program (fanotify(7), permission events on whole filesystems, which needs CAP_SYS_ADMIN): that costs
// each some microseconds, and more, once, the first start of a file by an account that is held.
//
// An account that is held gets a program's loader only after somebody was asked about the program, and does not start a
// loader by itself, which would run any file: so neither what is in memory or on a file system of its own begins, as
// far as it needs a loader, nor what a loader, or a copy of one, is told to run.
//
// A copy is known by the build id that its linker wrote, or by its size and the SHA-256 (FIPS 180-4) of its first
// 64 MiB.
#pragma once

#include <memory>

#include "platform/exec_guard.h"

namespace hort::platform {

class CopyGuard {
  public:
    // As ExecGuard::MayOpen. Without programs: whether an account is held by none at all.
    using MayStart = ExecGuard::MayOpen;

    virtual ~CopyGuard() = default;
    // Fails where the right or the kernel's support is missing.
    static Result<std::unique_ptr<CopyGuard>> start(MayStart may_start);

    // Copies of these files are asked about from now on, and, as long as their programs are among `programs`, of those
    // that these files were before: a child may take its own away, or put another one there.
    virtual void look_for(const std::vector<ExecGuard::File>& files, const std::set<std::string>& programs) = 0;

    // What a process is a copy of that the kernel asked nobody about: from memory, or on a file system of its own user
    // namespace. Of files elsewhere it says nothing: those were asked about. What cannot be read without maybe waiting
    // for ever (FUSE, and what lies upon it) may be a copy of any.
    virtual std::vector<std::string> programs_of_process(std::int32_t process) = 0;

    // Becomes ready for its exception (POLLPRI) when something is mounted; then look_at_mounts() is to be called.
    virtual int descriptor() const = 0;
    virtual void look_at_mounts() = 0;
};

}  // namespace hort::platform
