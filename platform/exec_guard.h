// ExecGuard: asks before a file of a program is opened or started, by whatever name, link, mount or namespace it is
// reached. Other files cost nothing: the kernel marks the files themselves (fanotify(7), permission events on inodes),
// which needs CAP_SYS_ADMIN. Whoever waits is let go when this process ends.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "rules/result.h"

namespace hort::platform {

class ExecGuard {
  public:
    struct File {
        std::string path;
        std::string program;  // what it is guarded as
    };
    // Whether an account may open a file that is guarded as these programs. On a thread of the guard's own, while the
    // other process waits: it must neither block nor open a guarded file. Root and this process are not asked about.
    using MayOpen = std::function<bool(std::uint32_t account, const std::vector<std::string>& programs)>;

    virtual ~ExecGuard() = default;
    // Fails where the right or the kernel's support is missing.
    static Result<std::unique_ptr<ExecGuard>> start(MayOpen may_open);

    // Guards these files. One that was guarded before and has another name or folder by now stays guarded as long as
    // its program is among `programs`: a link to what was replaced by an upgrade is still the program, and so is what a
    // child moved away.
    virtual void guard(const std::vector<File>& files, const std::set<std::string>& programs) = 0;
    virtual std::size_t count() const = 0;

    // Looks at these folders: descriptor() becomes readable when a file there is another one than before, and
    // has_changed() reads that. Folders that are not there are left out.
    virtual void watch(const std::vector<std::string>& folders) = 0;
    virtual int descriptor() const = 0;
    virtual bool has_changed() = 0;
};

}  // namespace hort::platform
