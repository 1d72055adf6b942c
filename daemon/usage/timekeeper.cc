#include "daemon/usage/timekeeper.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <mutex>

#include "daemon/applications.h"
#include "daemon/asio.h"
#include "daemon/identify.h"
#include "daemon/log.h"
#include "daemon/pending_timer.h"
#include "daemon/settings.h"
#include "daemon/usage/counted_programs.h"
#include "daemon/usage/meter.h"
#include "daemon/usage/sampler.h"
#include "platform/clock.h"
#include "platform/clock_watch.h"
#include "platform/notification.h"
#include "platform/process_hold.h"
#include "platform/processes.h"
#include "platform/program.h"
#include "platform/sessions.h"

namespace hort::usage {
namespace {

constexpr std::int64_t flush_after = 60;       // seconds of use that a power cut may cost
constexpr std::int64_t read_again_after = 10;  // seconds, when the session manager did not answer
constexpr std::size_t max_queued = 4096;       // hosts seen while the meter's thread waits

class RunningTimekeeper final : public Timekeeper {
  public:
    RunningTimekeeper(asio::io_context& io, const Parts& parts)
        : io_(io), parts_(parts), timer_(io), clock_(io), bus_(io), program_(platform::own_program()) {
        const auto now = platform::now();
        // A clock that nobody vouches for may show an old time, but not one before the last use.
        auto ledger = now.wall_seconds;
        if (!platform::is_clock_synchronised()) ledger = std::max(ledger, parts_.ledger.last_kept());
        meter_ = std::make_unique<Meter>(now, ledger, Settings(parts_.people).day_begin());
        watch_ = platform::ClockWatch::start();
        if (watch_) {
            clock_.assign(watch_->descriptor());
            wait_for_clock();
        }
        programs_ = std::make_unique<CountedPrograms>(
            io_, *meter_, parts_.policy, [this] { advance(); }, [this] { look(); });
        connect_sessions();
        if (auto hold = platform::ProcessHold::make(parts_.instance))
            hold_ = *std::move(hold);
        else
            hold_problem_ = hold.error().text();
    }
    ~RunningTimekeeper() override {
        *alive_ = false;
        // Who takes Hort away gets everything back; who starts it anew finds the session locked.
        if (hold_)
            for (const auto& name : hold_->names())
                if (name.starts_with(platform::ProcessHold::of_sessions)) hold_->release(name);
        if (clock_.is_open()) clock_.release();
        if (bus_.is_open()) bus_.release();
    }

    void put_in_force(std::shared_ptr<Policy> policy) override {
        const bool is_first = !parts_.policy.load();
        meter_->set_day_begin(Settings(parts_.people).day_begin());
        const auto now = advance();
        flush();
        meter_->adopt(policy, parts_.ledger, now);
        if (is_first)
            for (const auto& [person, record] : parts_.ledger.breaks()) meter_->restore_break(person, record);
        read_sessions();  // accounts may be bound to others now
        programs_->adopt(*policy);
        publish(std::move(policy));
        look();
    }

    void catch_up() override { look(); }

    void flush() override {
        for (auto& entry : meter_->take_entries()) unkept_.push_back(std::move(entry));
        has_unkept_ = false;
        if (unkept_.empty()) return;
        std::vector<std::int64_t> without_spans;
        if (const auto policy = parts_.policy.load())
            for (const auto& person : policy->people)
                if (!person.profile.keeps_detail) without_spans.push_back(person.id);
        // On a full disk it waits for the next minute.
        if (auto kept = parts_.ledger.keep(unkept_, meter_->breaks(), without_spans, meter_->ledger_clock()); !kept)
            log_line(Level::error, "what was used cannot be kept", {{"error", kept.error().text()}});
        else
            unkept_.clear();
        if (meter_->today() != forgotten_on_) {
            forgotten_on_ = meter_->today();
            const Settings settings(parts_.people);
            if (auto done = parts_.ledger.forget(meter_->ledger_clock() - std::int64_t{settings.detail_days()} * 86400,
                                                 meter_->today() - settings.kept_days());
                !done)
                log_line(Level::error, "what is too old cannot be forgotten", {{"error", done.error().text()}});
        }
        follow_wall_clock();
    }

    Day today() const override { return meter_->today(); }
    std::string session_problem() const override { return session_problem_; }
    std::set<std::int64_t> in_use() const override { return in_use_; }
    std::string title_of_application(const std::string& name) override {
        applications_.refresh();
        return applications_.title_of(name);
    }

    void passed(std::int64_t person, const Hostname& host, bool is_by_account) override {
        const auto then = platform::now();
        if (!sampler_.is_new(person, host, then.awake_seconds)) return;
        {
            const std::lock_guard lock(seen_mutex_);
            if (seen_.size() >= max_queued) return;
            seen_.push_back({person, host, is_by_account, then});
            if (seen_.size() > 1) return;  // the thread of the meter is told already
        }
        asio::post(io_, [this, alive = alive_] {
            if (*alive) look();
        });
    }

  private:
    void publish(std::shared_ptr<Policy> policy) {
        meter_->fill(*policy);
        parts_.policy.publish(std::move(policy));
        parts_.published();
    }

    // Every way to the present leads through here: this thread may have waited for the disk or the session manager, and
    // what passed meanwhile counts from when it passed, not from when there was time for it. The clock is read first,
    // so that whatever passed before this moment is in the queue.
    Moment advance() {
        const auto now = platform::now();
        std::vector<Seen> seen;
        {
            const std::lock_guard lock(seen_mutex_);
            seen.swap(seen_);
        }
        for (const auto& one : seen) {
            meter_->advance(one.then);
            meter_->saw_traffic(one.person, one.host, one.is_by_account);
        }
        meter_->advance(now);
        return now;
    }

    // After whatever happened: publish what has changed, enforce it, and set the one timer. All for one moment, up to
    // which everything is counted: what is kept now is not kept again for a minute.
    void look() {
        const auto now = advance();
        if (meter_->has_changed()) {
            if (const auto policy = parts_.policy.load()) publish(std::make_shared<Policy>(*policy));
        }
        const auto looked = enforcer_.look(*parts_.policy.load(), in_use_, now);
        for (const auto& todo : looked.todo) carry_out(todo);
        if (meter_->is_running() && !has_unkept_) {
            has_unkept_ = true;
            keep_at_ = now.awake_seconds + flush_after;
        }
        if (has_unkept_ && now.awake_seconds >= keep_at_) {
            note_applications(now.awake_seconds - keep_at_ + flush_after);
            flush();
            if (meter_->is_running()) {
                has_unkept_ = true;
                keep_at_ = now.awake_seconds + flush_after;
            }
        }
        auto next = meter_->is_running() || !parts_.policy.load()->people.empty() ? meter_->next_change()
                                                                                  : std::optional<std::int64_t>();
        const auto consider = [&](std::int64_t moment) {
            if (!next || moment < *next) next = moment;
        };
        if (looked.again_at) consider(*looked.again_at);
        if (has_unkept_) consider(keep_at_);
        for (const auto moment : idle_at_) consider(moment);
        if (read_again_at_) consider(*read_again_at_);
        arm(next, now);
    }

    void arm(std::optional<std::int64_t> next, const Moment& now) {
        if (next && *next <= now.awake_seconds) next = now.awake_seconds + 1;
        if (next == armed_for_) return;
        armed_for_ = next;
        if (!next) {
            timer_.cancel();
            return;
        }
        // The steady clock is the awake clock.
        timer_.expires_at(asio::steady_timer::time_point(std::chrono::seconds(*next)));
        timer_.async_wait([this, alive = alive_, pending = PendingTimer()](const error_code& fault) {
            if (fault || !*alive) return;
            armed_for_.reset();
            if (!idle_at_.empty() || read_again_at_) read_sessions();
            look();
        });
    }

    void carry_out(const Enforcer::Todo& todo) {
        const auto policy = parts_.policy.load();
        const auto person = std::find_if(policy->people.begin(), policy->people.end(),
                                         [&](const Person& p) { return p.id == todo.person; });
        if (person == policy->people.end()) return;
        const char* what = todo.kind == Enforcer::Todo::Kind::warn  ? "time ends soon"
                           : todo.kind == Enforcer::Todo::Kind::end ? "time is up"
                                                                    : "time goes on";
        if (!todo.text.empty()) log_line(Level::info, what, {{"child", person->name}});
        std::string how = "lock";
        if (const auto record = parts_.people.find(person->name)) how = record->at_end;
        if (todo.kind == Enforcer::Todo::Kind::go_on && hold_)
            for (const auto& [account, index] : policy->by_account)
                if (policy->people[index].id == todo.person) hold_->release(name_of_hold(account));
        for (const auto& session : sessions_list_) {
            const auto owner = policy->by_account.find(session.account);
            if (owner == policy->by_account.end() || policy->people[owner->second].id != todo.person) continue;
            if (!todo.text.empty() && todo.kind != Enforcer::Todo::Kind::go_on)
                platform::notify(program_, session.account, "Hort", todo.text);
            if (todo.kind == Enforcer::Todo::Kind::end && how != "nothing" && sessions_) {
                if (how == "freeze") freeze(person->name, session.account);
                const auto done =
                    how == "log-out" ? platform::terminate_session(session.id) : platform::lock_session(session.id);
                if (!done)
                    log_line(Level::error, "a session cannot be ended",
                             {{"child", person->name}, {"error", done.error().text()}});
            }
        }
    }

    static std::string name_of_hold(std::uint32_t account) {
        return platform::ProcessHold::of_sessions + std::to_string(account);
    }

    // Stops the person's programs, not its screen, which is locked.
    void freeze(const std::string& person, std::uint32_t account) {
        const auto policy = parts_.policy.load();
        const auto is_theirs = [&](std::uint32_t other) { return policy->owner_of(other) == account; };
        const bool are_all =
            hold_ && platform::hold_all(*hold_, name_of_hold(account), [&] {
                auto all = platform::Processes::all(is_theirs);
                std::erase_if(all, [&](const auto& process) { return process.path == program_; });  // tells them why
                return applications_of(all);
            });
        if (!are_all)
            log_line(Level::error, "not all programs can be stopped",
                     {{"child", person}, {"error", hold_ ? "they fork faster than they are stopped" : hold_problem_}});
    }

    // --- sessions ---

    void connect_sessions() {
        auto connected = platform::Sessions::connect([this] { read_sessions(); });
        if (!connected) {
            session_problem_ = connected.error().text();
            return;
        }
        sessions_ = *std::move(connected);
        bus_.assign(sessions_->descriptor());
        wait_for_bus();
    }

    void wait_for_bus() {
        bus_.async_wait(asio::posix::stream_descriptor::wait_read, [this, alive = alive_](const error_code& fault) {
            if (fault || !*alive) return;
            advance();
            if (!sessions_->process()) {
                log_line(Level::warning, "the session manager is gone; use is told by traffic only");
                session_problem_ = "the session manager is gone";
                bus_.release();
                sessions_.reset();
                sessions_list_.clear();
                in_use_.clear();
                idle_at_.clear();
                meter_->forget_sessions();
                return look();
            }
            look();
            wait_for_bus();
        });
    }

    void read_sessions() {
        const auto policy = parts_.policy.load();
        if (!sessions_ || !policy) return;
        read_again_at_.reset();
        auto all = sessions_->all();
        if (!all) {
            // What was known of them holds until they can be read again.
            log_line(Level::warning, "sessions cannot be read", {{"error", all.error().text()}});
            read_again_at_ = platform::now().awake_seconds + read_again_after;
            return;
        }
        const auto now = advance();
        const auto idle_limit = Settings(parts_.people).idle_after();
        std::set<std::int64_t> in_use;
        idle_at_.clear();
        for (const auto& session : *all) {
            const auto owner = policy->by_account.find(session.account);
            if (owner == policy->by_account.end() || !session.is_active || session.is_locked) continue;
            if (session.idle_since) {
                const auto idle_at = *session.idle_since + idle_limit;
                if (idle_at <= now.awake_seconds) continue;
                idle_at_.push_back(idle_at);
            }
            in_use.insert(policy->people[owner->second].id);
        }
        if (sessions_->is_going_to_sleep()) in_use.clear();
        sessions_list_ = *std::move(all);
        in_use_ = std::move(in_use);
        for (const auto& person : policy->people) {
            const bool has_account =
                std::any_of(policy->by_account.begin(), policy->by_account.end(),
                            [&](auto& entry) { return policy->people[entry.second].id == person.id; });
            if (has_account) meter_->set_in_use(person.id, in_use_.contains(person.id));
        }
    }

    // --- applications ---

    // What runs in sessions in use, for those of whom it is kept. Once a minute, when this thread is awake anyway: an
    // overview, no account of seconds.
    void note_applications(std::int64_t seconds) {
        const auto policy = parts_.policy.load();
        const auto person_of = [&](std::uint32_t account) -> const Person* {
            const auto owner = policy->by_account.find(account);
            if (owner == policy->by_account.end()) return nullptr;
            const auto& person = policy->people[owner->second];
            return in_use_.contains(person.id) && person.profile.keeps_detail ? &person : nullptr;
        };
        if (std::none_of(policy->by_account.begin(), policy->by_account.end(),
                         [&](const auto& entry) { return person_of(entry.first) != nullptr; }))
            return;
        applications_.refresh();
        std::set<std::pair<std::int64_t, std::string>> seen;
        for (const auto& process :
             platform::Processes::all([&](std::uint32_t account) { return person_of(account) != nullptr; }))
            if (auto name = applications_.name_of(process); !name.empty())
                seen.emplace(person_of(process.account)->id, std::move(name));
        for (const auto& [person, name] : seen)
            unkept_.push_back({person, meter_->today(), std::string(store::application_key) + name,
                               meter_->ledger_clock() - seconds, seconds});
    }

    // --- clocks ---

    void wait_for_clock() {
        clock_.async_wait(asio::posix::stream_descriptor::wait_read, [this, alive = alive_](const error_code& fault) {
            if (fault || !*alive) return;
            watch_->rearm();
            advance();
            if (!follow_wall_clock() && !is_jump_said_) {
                is_jump_said_ = true;
                const auto apart = platform::now().wall_seconds - meter_->ledger_clock();
                const auto text = std::to_string(apart) + " seconds; days of use go on by the machine's own clock";
                (void)store::record_event(parts_.database, {"hortd", meter_->ledger_clock()}, "the clock was set",
                                          text);
                log_line(Level::warning, "the clock was set, and no time server vouches for it",
                         {{"seconds", std::to_string(apart)}});
            }
            parts_.published();  // hours that depend on the wall clock
            look();
            wait_for_clock();
        });
    }

    // Takes the wall clock for the ledger's where it can be trusted. False where they differ and it cannot.
    bool follow_wall_clock() {
        const auto now = platform::now();
        const auto apart = now.wall_seconds - (meter_->ledger_clock() + (now.boot_seconds - meter_->boot_clock()));
        if (apart >= -2 && apart <= 2) {
            is_jump_said_ = false;
            return true;
        }
        if (!platform::is_clock_synchronised()) return false;
        meter_->set_ledger_clock(now, now.wall_seconds);
        return true;
    }

    asio::io_context& io_;
    const Parts parts_;
    asio::steady_timer timer_;
    asio::posix::stream_descriptor clock_, bus_;
    const std::string program_;
    std::unique_ptr<Meter> meter_;
    Enforcer enforcer_;
    Sampler sampler_;
    struct Seen {
        std::int64_t person = 0;
        Hostname host;
        bool is_by_account = false;
        Moment then;
    };
    std::mutex seen_mutex_;
    std::vector<Seen> seen_;  // on its way from the threads that pass traffic, in the order in which it passed
    std::unique_ptr<platform::ClockWatch> watch_;
    std::unique_ptr<platform::Sessions> sessions_;
    std::string session_problem_;
    Applications applications_{Applications::usual_folders()};
    std::unique_ptr<platform::ProcessHold> hold_;
    std::string hold_problem_;
    std::unique_ptr<CountedPrograms> programs_;
    std::vector<platform::Session> sessions_list_;
    std::set<std::int64_t> in_use_;
    std::vector<std::int64_t> idle_at_;          // awake seconds at which sessions that say they are idle count as such
    std::optional<std::int64_t> read_again_at_;  // awake seconds; set while the session manager does not answer
    std::optional<std::int64_t> armed_for_;
    bool has_unkept_ = false, is_jump_said_ = false;
    std::int64_t keep_at_ = 0;
    std::vector<store::UsageEntry> unkept_;
    Day forgotten_on_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

std::unique_ptr<Timekeeper> Timekeeper::start(asio::io_context& io, const Parts& parts) {
    return std::make_unique<RunningTimekeeper>(io, parts);
}

}  // namespace hort::usage
