// WorkerProcess: the worker as the monitor sees it (see monitor.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rules/result.h"

namespace hort::platform {

class WorkerProcess {
  public:
    // The descriptor at which the worker finds the monitor.
    static constexpr int link_of_worker = 3;

    // Starts this program anew with these arguments. `claim`: see claim_folder().
    static Result<std::unique_ptr<WorkerProcess>> start(const std::vector<std::string>& arguments, int claim);
    // Ends it at once where it still runs.
    virtual ~WorkerProcess() = default;

    // Where its questions come.
    virtual int link() const = 0;
    // Readable when it has ended.
    virtual int ended() const = 0;
    virtual void signal(int number) = 0;
};

// Claims the folder for this process and its workers: a descriptor, to be kept, which is given to each of them. As long
// as one of them lives it is nobody else's; the worker of a monitor that was killed ends a moment after it, and is
// waited for, for some seconds.
Result<int> claim_folder(const std::string& folder);

// Makes a folder, or gives one of root's with all that is in it to the worker, but for `kept`: that is root's, and it
// is an error when it belongs to anybody else, for who takes the worker over may write there and shall not say what
// root does. What else is somebody else's stays so. An error also where the worker has no account, or the folder is
// closed to it.
Status give_to_worker(const std::string& folder, const std::string& kept);
bool has_worker_account();
bool belongs_to_worker(const std::string& folder);

}  // namespace hort::platform
