#include "daemon/usage/meter.h"

#include <algorithm>

#include "rules/essential_allow.h"

namespace hort::usage {
namespace {

// What programs fetch by themselves, whoever sits before them.
bool is_background(const Policy& policy, const Hostname& host, CategorySet categories) {
    static const auto ads = CategorySet::of(*Taxonomy::shipped().find("ads_tracking"));
    return (policy.help && policy.help->contains(host)) || EssentialAllow::shipped().is_for_machines(host) ||
           (!categories.empty() && (categories - ads).empty());
}

void extend(std::int64_t& until, std::int64_t to) { until = std::max(until, to); }

template <typename Each>
void each_category(CategorySet set, const Each& each) {
    for (; !set.empty(); set = set - CategorySet::of(set.first())) each(set.first());
}

}  // namespace

Meter::Meter(const Moment& now, std::int64_t ledger_now, std::int32_t day_begin)
    : day_begin_(day_begin), awake_(now.awake_seconds), boot_(now.boot_seconds), ledger_(ledger_now) {}

Day Meter::day_of(std::int64_t ledger) const {
    const auto& zone = policy_->zone;
    const auto day = zone.local_time(ledger).day;
    return ledger < zone.first_moment_of({day, day_begin_}) ? day - 1 : day;
}

std::int64_t Meter::seconds_to_day_end() const {
    return policy_->zone.first_moment_of({day_ + 1, day_begin_}) - ledger_;
}

void Meter::set_ledger_clock(const Moment& now, std::int64_t ledger_now) {
    advance(now);
    ledger_ = ledger_now;
    if (policy_)
        while (seconds_to_day_end() <= 0) begin_day();
}

Meter::Count Meter::count_of(const Person& person, const Budget& budget, const store::Past& past) const {
    Count out;
    out.begin = period_begin(budget.period, day_);
    out.next = next_period_begin(budget.period, day_);
    out.amount = budget.amount(out.begin);
    out.used = past.used(person.id, budget.key, out.begin, out.next - 1);
    out.reserve = past.reserve(person.id, budget.key, out.begin, out.next - 1);
    const auto before = period_begin(budget.period, out.begin - 1);
    if (budget.carries_over && budget.since < out.begin && out.amount < Budget::unlimited) {
        const auto amount = budget.amount(before);
        if (amount < Budget::unlimited)
            out.carried = std::max<std::int64_t>(0, amount - past.used(person.id, budget.key, before, out.begin - 1));
    }
    return out;
}

void Meter::adopt(std::shared_ptr<const Policy> policy, const store::Past& past, const Moment& now) {
    if (policy_) advance(now);
    const auto old_policy = std::exchange(policy_, std::move(policy));
    // A day that has begun stays, even where the zone is another now.
    day_ = old_policy ? std::max(day_, day_of(ledger_)) : day_of(ledger_);
    std::vector<Tracked> people;
    for (const auto& person : policy_->people) {
        if (!person.profile.is_supervised) continue;
        Tracked tracked;
        auto* old = find(person.id);
        const Person* old_person = nullptr;
        if (old_policy)
            for (const auto& former : old_policy->people)
                if (former.id == person.id) old_person = &former;
        if (old != nullptr) {
            tracked = std::move(*old);
            old->id = 0;
        } else {
            tracked.id = person.id;
            tracked.idle_since = boot_;
        }
        const auto& budgets = person.profile.budgets;
        // What runs goes on: a budget is known by its key.
        const auto take_over = [&](Seen& seen) {
            std::vector<std::int64_t> until(budgets.size());
            if (old_person != nullptr)
                for (std::size_t i = 0; i < budgets.size(); ++i)
                    for (std::size_t j = 0; j < std::min(seen.budgets.size(), old_person->profile.budgets.size()); ++j)
                        if (old_person->profile.budgets[j].key == budgets[i].key) until[i] = seen.budgets[j];
            seen.budgets = std::move(until);
        };
        take_over(tracked.by_account);
        take_over(tracked.by_device);
        tracked.counts.clear();
        for (const auto& budget : budgets) tracked.counts.push_back(count_of(person, budget, past));
        tracked.spent.assign(budgets.size(), false);
        tracked.published.clear();
        people.push_back(std::move(tracked));
    }
    people_ = std::move(people);
    for (auto& tracked : people_) settle(tracked);
    day_changed_ = false;
}

void Meter::restore_break(std::int64_t person, const store::BreakRecord& record) {
    auto* tracked = find(person);
    const auto* known = tracked != nullptr ? person_of(*tracked) : nullptr;
    if (known == nullptr || !known->profile.breaks) return;
    if (record.ends_at > ledger_) {
        tracked->break_ends_at = boot_ + (record.ends_at - ledger_);
    } else if (record.ends_at == 0 && ledger_ - record.as_of < known->profile.breaks->length) {
        tracked->run = record.run;
        tracked->idle_since = boot_ - std::max<std::int64_t>(0, ledger_ - record.as_of);
    }
    settle(*tracked);
}

Meter::Tracked* Meter::find(std::int64_t person) {
    const auto it = std::find_if(people_.begin(), people_.end(), [&](const Tracked& t) { return t.id == person; });
    return it == people_.end() ? nullptr : &*it;
}

const Person* Meter::person_of(const Tracked& tracked) const {
    for (const auto& person : policy_->people)
        if (person.id == tracked.id) return &person;
    return nullptr;
}

Meter::Running Meter::running(const Tracked& tracked) const {
    const auto& profile = person_of(tracked)->profile;
    Running out;
    out.budgets.assign(tracked.counts.size(), false);
    bool counted = false, uncounted = false;
    const auto look = [&](const Seen& seen) {
        counted = counted || seen.counted > awake_;
        uncounted = uncounted || seen.uncounted > awake_;
        for (Category c = 0; c < seen.categories.size(); ++c)
            if (seen.categories[c] > awake_) out.categories = out.categories | CategorySet::of(c);
        for (std::size_t i = 0; i < seen.budgets.size(); ++i)
            if (seen.budgets[i] > awake_) out.budgets[i] = true;
    };
    if (!tracked.knows_sessions || tracked.is_in_use) look(tracked.by_account);
    look(tracked.by_device);
    // What is nobody's budget says nothing: a file manager beside the game is no learning.
    if (tracked.is_in_use || !tracked.knows_sessions)
        for (const auto& [program, count] : tracked.programs) {
            bool is_of_a_budget = false;
            for (std::size_t i = 0; i < out.budgets.size(); ++i)
                if (profile.budgets[i].scope.covers_program(program)) {
                    is_of_a_budget = true;
                    if (!tracked.spent[i]) out.budgets[i] = true;
                }
            counted = counted || is_of_a_budget;
            uncounted = uncounted || (!is_of_a_budget && profile.uncounted.covers_program(program));
        }
    out.is_active = tracked.is_in_use || counted || uncounted;
    out.uncounted = uncounted && !counted;
    out.device = out.is_active && !out.uncounted;
    for (std::size_t i = 0; i < out.budgets.size(); ++i)
        if (profile.budgets[i].scope.is_device) out.budgets[i] = out.device;
    return out;
}

std::int64_t Meter::next_change(const Tracked& tracked, const Running& now) const {
    auto out = INT64_MAX;
    const auto consider = [&](std::int64_t moment) {
        if (moment > awake_ && moment < out) out = moment;
    };
    const auto look = [&](const Seen& seen) {
        consider(seen.counted);
        consider(seen.uncounted);
        each_category(now.categories, [&](Category c) { consider(seen.categories[c]); });
        for (const auto until : seen.budgets) consider(until);
    };
    if (!tracked.knows_sessions || tracked.is_in_use) look(tracked.by_account);
    look(tracked.by_device);
    for (std::size_t i = 0; i < now.budgets.size(); ++i)
        if (now.budgets[i]) consider(awake_ + tracked.counts[i].allowed() - tracked.counts[i].used);
    if (const auto& rule = person_of(tracked)->profile.breaks) {
        if (tracked.break_ends_at != 0)
            consider(awake_ + tracked.break_ends_at - boot_);
        else if (now.is_active)
            consider(awake_ + rule->after - tracked.run);
    }
    return out;
}

void Meter::add_entry(std::int64_t person, std::string_view key, std::int64_t seconds) {
    // What goes on is one entry.
    for (auto it = entries_.rbegin(); it != entries_.rend(); ++it)
        if (it->person == person && it->key == key) {
            if (it->day != day_ || it->start + it->seconds != ledger_) break;
            it->seconds += seconds;
            return;
        }
    entries_.push_back({person, day_, std::string(key), ledger_, seconds});
}

void Meter::count(Tracked& tracked, const Running& what, std::int64_t seconds) {
    if (!what.is_active) return;
    const auto& profile = person_of(tracked)->profile;
    if (what.device) add_entry(tracked.id, store::device_key, seconds);
    if (what.uncounted) add_entry(tracked.id, store::uncounted_key, seconds);
    std::vector<std::string_view> kept;
    for (std::size_t i = 0; i < what.budgets.size(); ++i) {
        if (!what.budgets[i]) continue;
        tracked.counts[i].used += seconds;
        const std::string_view key = profile.budgets[i].key;
        if (key == store::device_key || std::find(kept.begin(), kept.end(), key) != kept.end()) continue;
        kept.push_back(key);
        add_entry(tracked.id, key, seconds);
    }
    if (profile.keeps_detail)
        each_category(what.categories, [&](Category c) {
            const auto key = Taxonomy::shipped().id_of(c);
            if (std::find(kept.begin(), kept.end(), key) == kept.end()) add_entry(tracked.id, key, seconds);
        });
    if (profile.breaks && tracked.break_ends_at == 0) tracked.run += seconds;
}

// What has become so by now: budgets used up, breaks begun and over.
void Meter::settle(Tracked& tracked) {
    const auto& profile = person_of(tracked)->profile;
    for (std::size_t i = 0; i < tracked.counts.size(); ++i) {
        const auto& count = tracked.counts[i];
        const bool is_spent = count.used >= count.allowed();
        if (is_spent && !tracked.spent[i] && !profile.budgets[i].scope.is_device) {
            // It is blocked from now on, so the minute of what was seen before ends, too.
            for (auto* seen : {&tracked.by_account, &tracked.by_device}) {
                seen->budgets[i] = 0;
                each_category(profile.budgets[i].scope.categories, [&](Category c) { seen->categories[c] = 0; });
            }
        }
        tracked.spent[i] = is_spent;
    }
    const bool is_active = running(tracked).is_active;
    if (!is_active && tracked.idle_since == 0) tracked.idle_since = boot_;
    if (!profile.breaks) {
        tracked.run = tracked.break_ends_at = 0;
    } else {
        if (tracked.break_ends_at != 0 && boot_ >= tracked.break_ends_at) {
            tracked.break_ends_at = tracked.run = 0;
            tracked.idle_since = is_active ? 0 : boot_;
        }
        if (is_active && tracked.idle_since != 0 && boot_ - tracked.idle_since >= profile.breaks->length)
            tracked.run = 0;
        if (tracked.break_ends_at == 0 && tracked.run >= profile.breaks->after) {
            tracked.break_ends_at = boot_ + profile.breaks->length;
            tracked.run = 0;
        }
    }
    if (is_active) tracked.idle_since = 0;
}

void Meter::begin_day() {
    ++day_;
    day_changed_ = true;
    for (auto& tracked : people_) {
        const auto& budgets = person_of(tracked)->profile.budgets;
        for (std::size_t i = 0; i < tracked.counts.size(); ++i) {
            auto& count = tracked.counts[i];
            if (day_ < count.next) continue;
            const auto& budget = budgets[i];
            Count next;
            next.begin = count.next;
            next.next = next_period_begin(budget.period, next.begin);
            next.amount = budget.amount(next.begin);
            if (budget.carries_over && budget.since < next.begin && next.amount < Budget::unlimited &&
                count.amount < Budget::unlimited)
                next.carried = std::max<std::int64_t>(0, count.amount - count.used);
            count = next;
            tracked.spent[i] = false;
        }
    }
}

void Meter::advance(const Moment& now) {
    if (!policy_) return;
    while (awake_ < now.awake_seconds) {
        const auto to_day_end = seconds_to_day_end();
        if (to_day_end <= 0) {
            begin_day();
            continue;
        }
        auto step = std::min(now.awake_seconds - awake_, to_day_end);
        std::vector<Running> all;
        for (const auto& tracked : people_) {
            all.push_back(running(tracked));
            if (const auto next = next_change(tracked, all.back()); next < awake_ + step) step = next - awake_;
        }
        for (std::size_t i = 0; i < people_.size(); ++i) count(people_[i], all[i], step);
        awake_ += step;
        boot_ += step;
        ledger_ += step;
        for (auto& tracked : people_) settle(tracked);
    }
    // The seconds of the two clocks begin at different moments: a second of difference is none. More was slept.
    if (const auto slept = now.boot_seconds - boot_; slept > 1) {
        boot_ += slept;
        ledger_ += slept;
        for (auto& tracked : people_) settle(tracked);
    }
    while (seconds_to_day_end() <= 0) begin_day();
}

void Meter::set_in_use(std::int64_t person, bool is_in_use) {
    auto* tracked = find(person);
    if (tracked == nullptr) return;
    tracked->knows_sessions = true;
    tracked->is_in_use = is_in_use;
    if (!is_in_use) {
        auto budgets = std::move(tracked->by_account.budgets);
        std::fill(budgets.begin(), budgets.end(), 0);
        tracked->by_account = Seen();
        tracked->by_account.budgets = std::move(budgets);
    }
    settle(*tracked);
}

void Meter::set_program(std::int64_t person, const std::string& file_name, bool is_running) {
    auto* tracked = find(person);
    if (tracked == nullptr) return;
    if (is_running) {
        ++tracked->programs[file_name];
    } else if (const auto it = tracked->programs.find(file_name); it != tracked->programs.end() && --it->second == 0) {
        tracked->programs.erase(it);
    }
    settle(*tracked);
}

void Meter::forget_programs() {
    for (auto& tracked : people_) {
        tracked.programs.clear();
        settle(tracked);
    }
}

void Meter::forget_sessions() {
    for (auto& tracked : people_) {
        tracked.knows_sessions = tracked.is_in_use = false;
        settle(tracked);
    }
}

void Meter::saw_traffic(std::int64_t person, const Hostname& host, bool is_by_account) {
    auto* tracked = find(person);
    if (tracked == nullptr) return;
    const auto& profile = person_of(*tracked)->profile;
    if (is_by_account && tracked->knows_sessions && !tracked->is_in_use) return;
    const auto categories = policy_->ruleset->lookup(host, CategorySet(~std::uint64_t{0})).categories;
    if (is_background(*policy_, host, categories)) return;
    auto& seen = is_by_account ? tracked->by_account : tracked->by_device;
    const auto until = awake_ + traffic_counts_for;
    if (profile.uncounted.covers(host, categories)) {
        extend(seen.uncounted, until);
        return settle(*tracked);
    }
    extend(seen.counted, until);
    CategorySet spent;
    for (std::size_t i = 0; i < profile.budgets.size(); ++i) {
        const auto& scope = profile.budgets[i].scope;
        if (scope.is_device || !scope.covers(host, categories)) continue;
        if (tracked->spent[i])
            spent = spent | scope.categories;
        else
            extend(seen.budgets[i], until);
    }
    each_category(categories - spent, [&](Category c) { extend(seen.categories[c], until); });
    settle(*tracked);
}

// Two states are the same as long as what fill() said of the first is still so. What runs is known by when it ends, so
// that nothing is published anew while it just goes on; what was used and paused meanwhile shows in what stands still.
std::vector<std::int64_t> Meter::state_of(const Tracked& tracked) const {
    const auto now = running(tracked);
    std::vector<std::int64_t> out;
    for (std::size_t i = 0; i < tracked.counts.size(); ++i) {
        const auto& count = tracked.counts[i];
        out.push_back(now.budgets[i]);
        out.push_back(tracked.spent[i]);
        out.push_back(now.budgets[i] ? awake_ + count.allowed() - count.used : count.used);
    }
    const auto& rule = person_of(tracked)->profile.breaks;
    out.push_back(tracked.break_ends_at);
    out.push_back(now.is_active && rule ? awake_ + rule->after - tracked.run : 0);
    return out;
}

bool Meter::has_changed() const {
    return day_changed_ || std::any_of(people_.begin(), people_.end(),
                                       [&](const Tracked& tracked) { return tracked.published != state_of(tracked); });
}

bool Meter::is_running() const {
    return std::any_of(people_.begin(), people_.end(),
                       [&](const Tracked& tracked) { return running(tracked).is_active; });
}

void Meter::fill(Policy& policy) {
    for (auto& person : policy.people) {
        auto* tracked = find(person.id);
        if (tracked == nullptr) continue;
        const auto now = running(*tracked);
        person.budgets.clear();
        for (std::size_t i = 0; i < tracked->counts.size(); ++i) {
            const auto& count = tracked->counts[i];
            BudgetState state{count.used, count.allowed(), count.carried, count.reserve, {}, {}};
            if (now.budgets[i] && !tracked->spent[i]) state.empty_at = awake_ + count.allowed() - count.used;
            const auto renews = policy_->zone.first_moment_of({count.next, day_begin_}) - ledger_;
            state.renews = {ledger_ + renews, boot_ + renews, awake_ + renews};
            person.budgets.push_back(state);
        }
        person.break_state = {};
        if (person.profile.breaks) {
            if (tracked->break_ends_at != 0)
                person.break_state.ends_at = tracked->break_ends_at;
            else if (now.is_active)
                person.break_state.begins_at = awake_ + person.profile.breaks->after - tracked->run;
        }
        tracked->published = state_of(*tracked);
    }
    day_changed_ = false;
}

std::optional<std::int64_t> Meter::next_change() const {
    if (!policy_ || people_.empty()) return std::nullopt;
    auto out = awake_ + std::max<std::int64_t>(seconds_to_day_end(), 1);
    for (const auto& tracked : people_) out = std::min(out, next_change(tracked, running(tracked)));
    return out;
}

std::vector<store::UsageEntry> Meter::take_entries() { return std::exchange(entries_, {}); }

std::map<std::int64_t, store::BreakRecord> Meter::breaks() const {
    std::map<std::int64_t, store::BreakRecord> out;
    for (const auto& tracked : people_)
        if (person_of(tracked)->profile.breaks)
            out[tracked.id] = {tracked.run, tracked.idle_since != 0 ? ledger_ - (boot_ - tracked.idle_since) : ledger_,
                               tracked.break_ends_at != 0 ? ledger_ + (tracked.break_ends_at - boot_) : 0};
    return out;
}

}  // namespace hort::usage
