// Keeper: all lists and rule files of the installation, and how they change: subscriptions that are due, commands,
// SIGHUP. What takes long (fetching, unpacking, compiling) runs on its worker; the old rules hold until the new ones
// are whole.
//
// On the io_context's thread, but for the worker's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/lists/library.h"
#include "daemon/store/list_records.h"
#include "rules/rule_file.h"
#include "rules/rule_file_changes.h"

namespace boost::asio {
class io_context;
}

namespace hort::lists {

// How far a running update is.
struct UpdateProgress {
    bool is_running = false;
    std::size_t done = 0, total = 0;           // subscriptions
    std::string current;                       // its address
    std::uint64_t received = 0, expected = 0;  // octets; expected 0: not known
    struct Line {
        std::string text;
        bool is_good = true;
    };
    std::vector<Line> results;  // of those that are done
};

struct InstalledBundle {
    std::string name;
    std::int64_t serial = 0;
    RuleFileChanges changes;  // against what was installed before
};

class Keeper {
  public:
    struct Settings {
        std::string data;   // folder of the daemon
        std::string lists;  // folder of the household's own lists
        HashKey salt;
    };
    // Puts library() and rule_files() in force.
    using Publish = std::function<Status()>;

    static std::unique_ptr<Keeper> make(boost::asio::io_context& io, Settings settings, store::ListRecords& records,
                                        Publish publish);
    virtual ~Keeper() = default;

    // At the start: reads and compiles on this thread. Subscriptions are looked at from start_updates() on.
    virtual Status load() = 0;
    virtual void start_updates() = 0;

    virtual const Library& library() const = 0;
    virtual const std::vector<RuleFile>& rule_files() const = 0;

    // `done` is called when the change is in force, or with why it is not (then the former rules stay).
    virtual void reload(std::function<void(Status)> done) = 0;
    // Looks at these subscriptions now; refused while an update runs.
    virtual Status update(std::vector<std::int64_t> ids) = 0;
    virtual UpdateProgress progress() const = 0;
    // Takes a bundle, which `read` reads, of at most so many octets, on another thread. `is_trial`: only says what
    // would change.
    using ReadBundle = std::function<Result<std::string>(std::size_t limit)>;
    virtual void install(ReadBundle read, const store::By& by, bool is_trial,
                         std::function<void(Result<InstalledBundle>)> done) = 0;
};

}  // namespace hort::lists
