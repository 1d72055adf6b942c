// Meter: turns what happens (a session in use, traffic) into seconds used, by person, day and key.
//
// A key is what time is kept under: "device", "uncounted", the id of a category, or a budget's own key. Seconds are
// counted on the awake clock, so that neither a clock that is set nor a suspended machine moves them; several sessions
// of one person count once, and so do several devices. Traffic to a site counts for the minute after it. Which day a
// second belongs to is told by the ledger's clock: the wall clock as it was when it could be trusted, gone on with the
// machine's own (see Timekeeper).
//
// Passive: time is given. All on one thread.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/store/usage_records.h"
#include "rules/policy.h"

namespace hort::usage {

// How long traffic counts after it was seen, in seconds.
inline constexpr std::int64_t traffic_counts_for = 60;

class Meter {
  public:
    // `day_begin` is the minute of the day at which a new day begins. `ledger_now` is the ledger's clock at `now`.
    Meter(const Moment& now, std::int64_t ledger_now, std::int32_t day_begin);

    // From here on the ledger's clock shows this. A day that has begun does not begin again.
    void set_ledger_clock(const Moment& now, std::int64_t ledger_now);
    void set_day_begin(std::int32_t minute) { day_begin_ = minute; }
    std::int64_t ledger_clock() const { return ledger_; }
    std::int64_t boot_clock() const { return boot_; }  // at which ledger_clock() was so
    Day today() const { return day_; }
    Day day_of(std::int64_t ledger) const;

    // Takes over people, budgets and zone. What was counted must be in the ledger: advance(), take_entries() and keep
    // them before.
    void adopt(std::shared_ptr<const Policy> policy, const store::Past& past, const Moment& now);
    void restore_break(std::int64_t person, const store::BreakRecord& record);

    // Counts everything up to `now`. Every event below is to be preceded by it with the same moment.
    void advance(const Moment& now);

    // A session of the person is in use: unlocked and not idle. From the first call on, traffic of the person's
    // accounts counts only while one is.
    void set_in_use(std::int64_t person, bool is_in_use);
    // Where nobody tells of sessions any more.
    void forget_sessions();
    // A program of the person's began or ended; several of one name count as one while one runs. They count while a
    // session is in use. Which of them is in front no Linux desktop tells.
    void set_program(std::int64_t person, const std::string& file_name, bool is_running);
    void forget_programs();
    // Traffic that was allowed. `is_by_account`: it came from a session on this machine, not from a device.
    void saw_traffic(std::int64_t person, const Hostname& host, bool is_by_account);

    // Since the last fill() a budget began or ceased to run, ran out, or a break or a day began or ended.
    bool has_changed() const;
    // Something is being counted.
    bool is_running() const;
    // Writes what is used into a policy with the same people as the one adopted.
    void fill(Policy& policy);
    // The awake second at which something changes by itself. nullopt: never.
    std::optional<std::int64_t> next_change() const;

    std::vector<store::UsageEntry> take_entries();
    std::map<std::int64_t, store::BreakRecord> breaks() const;

  private:
    // Awake seconds until which something counts.
    struct Seen {
        std::int64_t counted = 0, uncounted = 0;
        std::array<std::int64_t, 64> categories{};
        std::vector<std::int64_t> budgets;
    };
    struct Count {
        std::int64_t used = 0, carried = 0, reserve = 0, amount = 0;
        Day begin = 0, next = 0;  // of the period

        std::int64_t allowed() const { return amount + carried + reserve; }
    };
    struct Tracked {
        std::int64_t id = 0;
        bool knows_sessions = false, is_in_use = false;
        std::map<std::string, int> programs;  // how many run of each
        Seen by_account, by_device;
        std::vector<Count> counts;                       // of the profile's budgets
        std::int64_t run = 0;                            // of use since the last break
        std::int64_t idle_since = 0, break_ends_at = 0;  // boot seconds; 0: none
        std::vector<std::int64_t> published;             // the state that fill() saw
        std::vector<bool> spent;
    };
    // What counts now.
    struct Running {
        bool is_active = false, device = false, uncounted = false;
        CategorySet categories;
        std::vector<bool> budgets;
    };

    Tracked* find(std::int64_t person);
    const Person* person_of(const Tracked& tracked) const;
    Running running(const Tracked& tracked) const;
    std::vector<std::int64_t> state_of(const Tracked& tracked) const;
    std::int64_t next_change(const Tracked& tracked, const Running& now) const;
    void count(Tracked& tracked, const Running& what, std::int64_t seconds);
    void settle(Tracked& tracked);
    void add_entry(std::int64_t person, std::string_view key, std::int64_t seconds);
    void begin_day();
    std::int64_t seconds_to_day_end() const;
    Count count_of(const Person& person, const Budget& budget, const store::Past& past) const;

    std::shared_ptr<const Policy> policy_;
    std::int32_t day_begin_;
    std::int64_t awake_, boot_, ledger_;  // counted up to here
    Day day_ = 0;
    bool day_changed_ = false;
    std::vector<Tracked> people_;
    std::vector<store::UsageEntry> entries_;
};

}  // namespace hort::usage
