#include "daemon/enforce/running_programs.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "daemon/identify.h"
#include "daemon/log.h"
#include "daemon/pending_timer.h"
#include "platform/clock.h"
#include "platform/notification.h"
#include "platform/program.h"

namespace hort::enforce {
namespace {

constexpr std::array<std::int64_t, 2> warnings = {300, 60};  // seconds before the end
constexpr auto end_limit = std::chrono::seconds(10);         // from being asked to end to being made to
constexpr auto batch_time = std::chrono::milliseconds(20);

// Of a group in the file system.
std::string name_of_hold(std::uint32_t account, std::string_view program) {
    std::string out = std::to_string(account) + "-";
    for (const char c : program) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(c));
        out += digits;
    }
    if (out.size() > 200) out = out.substr(0, 180) + std::to_string(std::hash<std::string_view>()(program));
    return out;
}

}  // namespace

RunningPrograms::RunningPrograms(asio::io_context& io, const PolicyInForce& policy, Alias alias,
                                 const std::string& instance)
    : policy_(policy),
      alias_(std::move(alias)),
      own_program_(platform::own_program()),
      connector_(io),
      timer_(io),
      force_timer_(io),
      batch_timer_(io) {
    auto made = platform::ProcessHold::make(instance);
    if (!made) {
        hold_problem_ = made.error().text();
        return;
    }
    hold_ = *std::move(made);
    // What a daemon before this one stopped is decided on anew.
    for (const auto& name : hold_->names())
        if (!name.starts_with(platform::ProcessHold::of_sessions)) hold_->release(name);
}

RunningPrograms::~RunningPrograms() {
    *alive_ = false;
    if (connector_.is_open()) connector_.release();
    for (const auto& [key, name] : held_) hold_->release(name);
}

bool RunningPrograms::is_wanted(std::uint32_t account) const { return is_supervised(*policy_.load(), account); }

void RunningPrograms::recheck(const std::set<std::string>& wanted) {
    wanted_ = wanted;
    // Nothing wakes for what no rule asks.
    if (wanted_.empty() && processes_) {
        connector_.release();
        processes_.reset();
    } else if (!wanted_.empty() && !processes_) {
        auto watched = platform::Processes::watch(platform::Processes::Tell::starts,
                                                  [this](std::uint32_t account) { return is_wanted(account); });
        if (watched) {
            processes_ = *std::move(watched);
            connector_.assign(processes_->descriptor());
            watch();
        } else if (!is_blindness_said_) {
            is_blindness_said_ = true;
            log_line(Level::warning, "programs that begin are not seen", {{"error", watched.error().text()}});
        }
    }
    look();
}

void RunningPrograms::watch() {
    connector_.async_wait(asio::posix::stream_descriptor::wait_read, [this, alive = alive_](const error_code& fault) {
        if (fault || !*alive || !processes_) return;
        // A build starts thousands: they are looked at together.
        batch_timer_.expires_after(batch_time);
        batch_timer_.async_wait([this, alive, pending = PendingTimer()](const error_code& ended) {
            if (ended || !*alive || !processes_) return;
            const bool is_whole = processes_->process([this](const platform::Process& process) { look_at(process); },
                                                      [](std::int32_t) {});
            if (!is_whole)
                for (const auto& process :
                     platform::Processes::all([this](std::uint32_t account) { return is_wanted(account); }))
                    look_at(process);
            watch();
        });
    });
}

std::vector<std::string> RunningPrograms::names_of(const platform::Process& process) const {
    auto out = programs_of_process(process);
    for (auto& name : alias_(process)) out.push_back(std::move(name));
    return out;
}

std::vector<platform::Process> RunningPrograms::running(const Key& key) const {
    const auto policy = policy_.load();
    auto out = platform::Processes::all([&](std::uint32_t account) { return policy->owner_of(account) == key.first; });
    std::erase_if(out, [&](const auto& process) {
        const auto names = names_of(process);
        return std::find(names.begin(), names.end(), key.second) == names.end();
    });
    return out;
}

// One that has just begun: what the kernel does not ask about, because another program runs it, may still be blocked.
void RunningPrograms::look_at(const platform::Process& process) {
    if (blocked_.empty()) return;
    const auto account = policy_.load()->owner_of(process.account);
    for (const auto& name : names_of(process)) {
        const Key key{account, name};
        if (!blocked_.contains(key)) continue;
        // It has nothing yet that it could lose, and asked politely it might go on for ten seconds.
        log_line(Level::info, "a program that began is ended", {{"program", name}});
        (void)platform::send_signal(process, SIGKILL);
        return;
    }
}

void RunningPrograms::look() {
    const auto policy = policy_.load();
    const auto now = platform::now();
    std::set<std::uint32_t> accounts;
    for (const auto* known : {&policy->by_account, &policy->group_by_account})
        for (const auto& [account, index] : *known)
            if (is_supervised(*policy, account)) accounts.insert(account);
    std::map<Key, Ending> blocked;
    std::optional<std::int64_t> next;
    const auto consider = [&](std::int64_t moment) {
        if (moment > now.awake_seconds && (!next || moment < *next)) next = moment;
    };
    for (const auto account : accounts)
        for (const auto& program : wanted_) {
            const Key key{account, program};
            const auto fate = fate_of(*policy, account, program, now);
            if (fate.until) consider(fate.until->awake_seconds);
            if (fate.ending != Ending::none) {
                blocked[key] = fate.ending;
                warned_.erase(key);
                const auto before = blocked_.find(key);
                if (before != blocked_.end() && before->second == fate.ending) continue;
                const auto processes = running(key);
                if (processes.empty()) continue;
                say(account, fate.sentence);
                stop(key, processes, fate.ending);
                continue;
            }
            if (!fate.until ||
                decide(*policy, policy->subject(account, {}), Target::of_program(program), now).is_blocked())
                continue;
            for (const auto before : warnings) consider(fate.until->awake_seconds - before);
            warn(account, program, fate.until->awake_seconds - now.awake_seconds);
        }
    for (auto it = held_.begin(); it != held_.end();) {
        const auto still = blocked.find(it->first);
        // Where all time is up nothing goes on, either.
        const bool is_over = still == blocked.end() && !decide(*policy, policy->subject(it->first.first, {}),
                                                               Target::of_program(it->first.second), now)
                                                            .is_blocked();
        if (is_over) {
            hold_->release(it->second);
            log_line(Level::info, "a program goes on", {{"program", it->first.second}});
            it = held_.erase(it);
        } else {
            ++it;
        }
    }
    blocked_ = std::move(blocked);
    arm(next, now.awake_seconds);
}

void RunningPrograms::warn(std::uint32_t account, const std::string& program, std::int64_t seconds_left) {
    const Key key{account, program};
    std::int64_t due = 0;
    for (const auto before : warnings)
        if (seconds_left <= before) due = before;
    if (due == 0) {
        warned_.erase(key);
        return;
    }
    auto& warned = warned_[key];
    if (warned != 0 && warned <= due) return;
    warned = due;
    if (running(key).empty()) return;
    const auto minutes = (seconds_left + 59) / 60;
    say(account, "Time for " + program.substr(program.rfind('/') + 1) + " ends in " + std::to_string(minutes) +
                     (minutes == 1 ? " minute." : " minutes.") + " 'hortctl ask time 30m' asks for more.");
}

void RunningPrograms::stop(const Key& key, const std::vector<platform::Process>& processes, Ending ending) {
    log_line(Level::info, ending == Ending::hold && hold_ ? "a program is stopped" : "a program is ended",
             {{"program", key.second}, {"processes", std::to_string(processes.size())}});
    if (ending == Ending::hold && hold_) {
        const auto name = name_of_hold(key.first, key.second);
        held_[key] = name;
        const bool are_all = platform::hold_all(*hold_, name, [&] {
            std::vector<std::int32_t> ids;
            for (const auto& process : running(key)) ids.push_back(process.id);
            return ids;
        });
        if (are_all) return;
        // Who cannot be stopped is ended.
        const auto held = hold_->held(name);
        auto left = running(key);
        std::erase_if(
            left, [&](const auto& process) { return std::find(held.begin(), held.end(), process.id) != held.end(); });
        return stop(key, left, Ending::end);
    }
    for (const auto& process : processes)
        if (platform::send_signal(process, SIGTERM)) ending_.push_back(process);
    if (!ending_.empty() && !is_force_armed_) end_by_force_soon();
}

void RunningPrograms::end_by_force_soon() {
    is_force_armed_ = true;
    force_timer_.expires_after(end_limit);
    force_timer_.async_wait([this, alive = alive_, pending = PendingTimer()](const error_code& fault) {
        if (fault || !*alive) return;
        is_force_armed_ = false;
        for (const auto& process : ending_) (void)platform::send_signal(process, SIGKILL);
        ending_.clear();
        // What was born meanwhile.
        for (const auto& [key, ending] : blocked_)
            if (!held_.contains(key))
                for (const auto& process : running(key)) (void)platform::send_signal(process, SIGKILL);
    });
}

void RunningPrograms::say(std::uint32_t account, const std::string& text) const {
    platform::notify(own_program_, account, "Hort", text);
}

void RunningPrograms::arm(std::optional<std::int64_t> next, std::int64_t now) {
    if (!next) {
        timer_.cancel();
        return;
    }
    // The steady clock is the awake clock.
    timer_.expires_at(asio::steady_timer::time_point(std::chrono::seconds(std::max(*next, now + 1))));
    timer_.async_wait([this, alive = alive_, pending = PendingTimer()](const error_code& fault) {
        if (!fault && *alive) look();
    });
}

}  // namespace hort::enforce
