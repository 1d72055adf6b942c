#include "daemon/usage/counted_programs.h"

#include <algorithm>

#include "daemon/identify.h"
#include "daemon/log.h"

namespace hort::usage {
namespace {

// Does the account belong to a person?
bool is_bound(const Policy& policy, std::uint32_t account) {
    return policy.by_account.contains(policy.owner_of(account));
}

bool is_about_programs(const BudgetScope& scope) {
    return !scope.programs.empty() || std::any_of(scope.services.begin(), scope.services.end(),
                                                  [](const Service* service) { return !service->executables.empty(); });
}

// Any of a person's scopes for which something is so.
template <typename Is>
bool any_scope(const Profile& profile, const Is& is) {
    return is(profile.uncounted) || std::any_of(profile.budgets.begin(), profile.budgets.end(),
                                                [&](const Budget& budget) { return is(budget.scope); });
}

}  // namespace

CountedPrograms::CountedPrograms(asio::io_context& io, Meter& meter, const PolicyInForce& policy,
                                 std::function<void()> before, std::function<void()> after)
    : meter_(meter), policy_(policy), before_(std::move(before)), after_(std::move(after)), connector_(io) {}

CountedPrograms::~CountedPrograms() {
    *alive_ = false;
    if (connector_.is_open()) connector_.release();
}

void CountedPrograms::adopt(const Policy& policy) {
    const bool is_needed = std::any_of(policy.people.begin(), policy.people.end(), [](const Person& person) {
        return any_scope(person.profile, is_about_programs);
    });
    if (is_needed && !processes_) {
        auto watched =
            platform::Processes::watch(platform::Processes::Tell::starts_and_ends,
                                       [this](std::uint32_t account) { return is_bound(*policy_.load(), account); });
        if (!watched) {
            if (!is_blindness_said_)
                log_line(Level::warning, "programs are not counted", {{"error", watched.error().text()}});
            is_blindness_said_ = true;
            return;
        }
        processes_ = *std::move(watched);
        connector_.assign(processes_->descriptor());
        wait();
    } else if (!is_needed && processes_) {
        connector_.release();
        processes_.reset();
    }
    read(policy);
}

// Everything anew: whose they are, and what counts, may be another now.
void CountedPrograms::read(const Policy& policy) {
    programs_.clear();
    meter_.forget_programs();
    if (!processes_) return;
    const auto is_wanted = [&](std::uint32_t account) { return is_bound(policy, account); };
    for (const auto& process : platform::Processes::all(is_wanted)) begin(policy, process);
}

void CountedPrograms::begin(const Policy& policy, const platform::Process& process) {
    const auto owner = policy.by_account.find(policy.owner_of(process.account));
    if (owner == policy.by_account.end()) return;
    const auto& person = policy.people[owner->second];
    Program counted{person.id, {}};
    for (auto& name : programs_of_process(process))
        if (any_scope(person.profile, [&](const BudgetScope& scope) { return scope.covers_program(name); }))
            counted.names.push_back(std::move(name));
    if (counted.names.empty()) return;
    for (const auto& name : counted.names) meter_.set_program(person.id, name, true);
    programs_[process.id] = std::move(counted);
}

void CountedPrograms::end(std::int32_t id) {
    const auto it = programs_.find(id);
    if (it == programs_.end()) return;
    for (const auto& name : it->second.names) meter_.set_program(it->second.person, name, false);
    programs_.erase(it);
}

void CountedPrograms::wait() {
    connector_.async_wait(asio::posix::stream_descriptor::wait_read, [this, alive = alive_](const error_code& fault) {
        if (fault || !*alive || !processes_) return;
        const auto policy = policy_.load();
        before_();
        const bool is_whole = processes_->process([&](const platform::Process& process) { begin(*policy, process); },
                                                  [&](std::int32_t id) { end(id); });
        if (!is_whole) read(*policy);
        after_();
        wait();
    });
}

}  // namespace hort::usage
