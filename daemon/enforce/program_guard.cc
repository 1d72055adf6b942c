#include "daemon/enforce/program_guard.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "daemon/identify.h"
#include "daemon/log.h"
#include "daemon/pending_timer.h"
#include "platform/program.h"

namespace hort::enforce {

namespace fs = std::filesystem;

namespace {
constexpr auto look_pause = std::chrono::milliseconds(500);
// A folder of a child's own has as many files as it likes, and names in as many spellings.
constexpr std::size_t max_entries = 20000, max_matches = 64;
}  // namespace

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
    std::map<std::string, std::size_t> matches;
    for (const auto& program : plan->programs) {
        if (!program.starts_with('/')) continue;
        if (const auto target = platform::file_of_program(program)) files.push_back({target->string(), program});
    }
    for (const auto& folder : plan->folders) {
        std::error_code fault;
        std::size_t entries = 0;
        fs::directory_iterator it(folder, fault);
        for (const fs::directory_iterator end; !fault && it != end && ++entries <= max_entries; it.increment(fault)) {
            auto program = program_key(it->path().filename().string());
            if (!plan->programs.contains(program)) continue;
            const auto target = platform::file_of_program(it->path());
            if (!target ||
                (target->filename() != it->path().filename() && is_many_programs(target->filename().string())))
                continue;
            if (++matches[program] > max_matches) continue;
            files.push_back({target->string(), std::move(program)});
        }
    }
    guard_->guard(files, plan->programs);
    files_ = std::move(files);
    guard_copies();
}

// A rule that names a file is about what is in it.
void ProgramGuard::guard_copies() {
    std::vector<platform::ExecGuard::File> files;
    std::copy_if(files_.begin(), files_.end(), std::back_inserter(files),
                 [](const auto& file) { return file.program.starts_with('/'); });
    copies_ = files.size();
    const auto in_force = plan_.load();
    const auto& wanted = in_force->programs;
    const bool is_asked_for =
        std::any_of(wanted.begin(), wanted.end(), [](const std::string& program) { return program.starts_with('/'); });
    // What a child took away is held as long as the rule is there.
    if (files.empty() && !(is_asked_for && copy_guard_)) {
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
    copy_guard_->look_for(files, wanted);
}

void ProgramGuard::watch_mounts() {
    mounts_.async_wait(asio::posix::stream_descriptor::wait_error, [this, alive = alive_](const error_code& fault) {
        if (fault || !*alive || !copy_guard_) return;
        copy_guard_->look_at_mounts();
        watch_mounts();
    });
}

}  // namespace hort::enforce
