#include "daemon/enforce/programs.h"

#include <algorithm>
#include <filesystem>

#include "daemon/identify.h"
#include "daemon/log.h"
#include "daemon/pending_timer.h"
#include "platform/accounts.h"
#include "platform/clock.h"

namespace hort::enforce {

namespace fs = std::filesystem;

namespace {
constexpr auto look_pause = std::chrono::milliseconds(500);
}

Result<std::unique_ptr<Programs>> Programs::start(asio::io_context& io, const PolicyInForce& policy,
                                                  std::vector<std::string> folders, const std::string& instance) {
    auto out = std::unique_ptr<Programs>(new Programs(io, policy, std::move(folders), instance));
    if (auto begun = out->begin(); !begun) return begun.error();
    return out;
}

Programs::Programs(asio::io_context& io, const PolicyInForce& policy, std::vector<std::string> folders,
                   const std::string& instance)
    : policy_(policy), folders_(std::move(folders)), changes_(io), mounts_(io), next_look_(io) {
    subordinates_.publish(std::make_shared<const Subordinates>());
    running_ = std::make_unique<RunningPrograms>(
        io, policy,
        [this](const platform::Process& process) {
            std::vector<std::string> out;
            for (const auto& file : files_)
                if (file.path == process.path) out.push_back(file.program);
            if (copy_guard_ && out.empty()) out = copy_guard_->programs_of_process(process.id);
            return out;
        },
        instance);
}

Programs::~Programs() {
    *alive_ = false;
    if (changes_.is_open()) changes_.release();
    if (mounts_.is_open()) mounts_.release();
}

Status Programs::begin() {
    auto guard = platform::ExecGuard::start([this](std::uint32_t account, const std::vector<std::string>& programs) {
        return may_start(*policy_.load(), *subordinates_.load(), account, programs, platform::now());
    });
    if (!guard) return guard.error();
    guard_ = *std::move(guard);
    changes_.assign(guard_->descriptor());
    recheck();
    watch();
    return Done{};
}

// An upgrade replaces a program's file by another one, and a new program is there: they are looked for again.
void Programs::watch() {
    changes_.async_wait(asio::posix::stream_descriptor::wait_read, [this, alive = alive_](const error_code& fault) {
        if (fault || !*alive) return;
        // At once after a while of rest, else after the pause: a child may change files in its home all the time.
        next_look_.expires_at(std::max(asio::steady_timer::clock_type::now(), looked_at_ + look_pause));
        next_look_.async_wait([this, alive, pending = PendingTimer()](const error_code& ended) {
            if (ended || !*alive) return;
            if (guard_->has_changed()) look_for_files();
            looked_at_ = asio::steady_timer::clock_type::now();
            watch();
        });
    });
}

void Programs::recheck() {
    const auto policy = policy_.load();
    auto wanted = programs_of(*policy);
    std::set<std::uint32_t> accounts;
    for (const auto& [account, index] : policy->by_account) accounts.insert(account);
    for (const auto& [account, index] : policy->group_by_account) accounts.insert(account);
    if (wanted == wanted_ && accounts == accounts_) return running_->recheck(wanted_, subordinates_.load());
    if (accounts != accounts_) {
        auto subordinates = std::make_shared<Subordinates>();
        for (const auto account : accounts)
            for (const auto& range : platform::subordinate_ids(account)) subordinates->emplace_back(range, account);
        subordinates_.publish(std::move(subordinates));
    }
    wanted_ = std::move(wanted);
    accounts_ = std::move(accounts);
    guard_->watch(wanted_.empty() ? std::vector<std::string>() : all_folders());
    look_for_files();
    running_->recheck(wanted_, subordinates_.load());
}

std::vector<std::string> Programs::all_folders() const {
    auto out = folders_;
    for (const auto& program : wanted_)
        if (program.starts_with('/')) out.push_back(fs::path(program).parent_path().string());
    for (const auto account : accounts_)
        if (const auto home = platform::home_of(account); home && *home != "/")
            for (const char* below : {"/bin", "/.local/bin"}) out.push_back(*home + below);
    return out;
}

void Programs::look_for_files() {
    std::vector<platform::ExecGuard::File> files;
    for (const auto& program : wanted_) {
        std::error_code unreadable;
        if (!program.starts_with('/')) continue;
        const auto target = fs::canonical(program, unreadable);
        if (!unreadable) files.push_back({target.string(), program});
    }
    if (!wanted_.empty())
        for (const auto& folder : all_folders()) {
            std::error_code fault;
            for (fs::directory_iterator it(folder, fault), end; !fault && it != end; it.increment(fault)) {
                auto program = program_key(it->path().filename().string());
                if (!wanted_.contains(program)) continue;
                std::error_code unreadable;
                const auto target = fs::canonical(it->path(), unreadable);
                if (unreadable ||
                    (target.filename() != it->path().filename() && is_many_programs(target.filename().string())))
                    continue;
                files.push_back({target.string(), std::move(program)});
            }
        }
    guard_->guard(files);
    files_ = std::move(files);
    guard_copies();
}

// A rule that names a file is about what is in it.
void Programs::guard_copies() {
    std::vector<platform::ExecGuard::File> files;
    std::copy_if(files_.begin(), files_.end(), std::back_inserter(files),
                 [](const auto& file) { return file.program.starts_with('/'); });
    copies_ = files.size();
    if (files.empty()) {
        if (mounts_.is_open()) mounts_.release();
        copy_guard_.reset();
        copy_problem_.clear();
        return;
    }
    if (!copy_guard_) {
        auto guard =
            platform::CopyGuard::start([this](std::uint32_t account, const std::vector<std::string>& programs) {
                const auto policy = policy_.load();
                const auto subordinates = subordinates_.load();
                return programs.empty() ? !is_supervised(*policy, *subordinates, account)
                                        : may_start(*policy, *subordinates, account, programs, platform::now());
            });
        if (!guard) {
            if (copy_problem_.empty()) log_line(Level::warning, "no copy is held", {{"error", guard.error().text()}});
            copy_problem_ = guard.error().text();
            return;
        }
        copy_guard_ = *std::move(guard);
        mounts_.assign(copy_guard_->descriptor());
        watch_mounts();
    }
    copy_guard_->look_for(files);
}

void Programs::watch_mounts() {
    mounts_.async_wait(asio::posix::stream_descriptor::wait_error, [this, alive = alive_](const error_code& fault) {
        if (fault || !*alive || !copy_guard_) return;
        copy_guard_->look_at_mounts();
        watch_mounts();
    });
}

}  // namespace hort::enforce
