#include "daemon/enforce/program_guard.h"

#include <algorithm>
#include <filesystem>

#include "daemon/identify.h"
#include "daemon/log.h"
#include "daemon/pending_timer.h"

namespace hort::enforce {

namespace fs = std::filesystem;

namespace {
constexpr auto look_pause = std::chrono::milliseconds(500);
}

ProgramGuard::ProgramGuard(asio::io_context& io) : changes_(io), mounts_(io), next_look_(io) {
    plan_.publish(std::make_shared<const ProgramPlan>());
    auto guard = platform::ExecGuard::start([this](std::uint32_t account, const std::vector<std::string>& programs) {
        return plan_.load()->may_start(account, programs);
    });
    if (!guard) {
        problem_ = guard.error().text();
        return;
    }
    guard_ = *std::move(guard);
    changes_.assign(guard_->descriptor());
    watch();
}

ProgramGuard::~ProgramGuard() {
    *alive_ = false;
    if (changes_.is_open()) changes_.release();
    if (mounts_.is_open()) mounts_.release();
}

Enforcement::Programs ProgramGuard::state() const {
    return {guard_ ? guard_->count() : 0, copy_guard_ ? copies_ : 0, problem_, copy_problem_};
}

std::vector<std::string> ProgramGuard::names_of(const platform::Process& process) {
    std::vector<std::string> out;
    for (const auto& file : files_)
        if (file.path == process.path) out.push_back(file.program);
    if (copy_guard_ && out.empty()) out = copy_guard_->programs_of_process(process.id);
    return out;
}

// An upgrade replaces a program's file by another one, and a new program is there: they are looked for again.
void ProgramGuard::watch() {
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

void ProgramGuard::hold(const ProgramPlan& plan) {
    const auto before = plan_.load();
    plan_.publish(std::make_shared<const ProgramPlan>(plan));
    if (!guard_ || (plan.programs == before->programs && plan.folders == before->folders)) return;
    guard_->watch(plan.folders);
    look_for_files();
}

void ProgramGuard::look_for_files() {
    const auto plan = plan_.load();
    std::vector<platform::ExecGuard::File> files;
    for (const auto& program : plan->programs) {
        std::error_code unreadable;
        if (!program.starts_with('/')) continue;
        const auto target = fs::canonical(program, unreadable);
        if (!unreadable) files.push_back({target.string(), program});
    }
    for (const auto& folder : plan->folders) {
        std::error_code fault;
        for (fs::directory_iterator it(folder, fault), end; !fault && it != end; it.increment(fault)) {
            auto program = program_key(it->path().filename().string());
            if (!plan->programs.contains(program)) continue;
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
void ProgramGuard::guard_copies() {
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
                const auto plan = plan_.load();
                return programs.empty() ? plan->find(account) == nullptr : plan->may_start(account, programs);
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

void ProgramGuard::watch_mounts() {
    mounts_.async_wait(asio::posix::stream_descriptor::wait_error, [this, alive = alive_](const error_code& fault) {
        if (fault || !*alive || !copy_guard_) return;
        copy_guard_->look_at_mounts();
        watch_mounts();
    });
}

}  // namespace hort::enforce
