#include "daemon/enforce/program_plan.h"

#include <algorithm>

namespace hort::enforce {

std::set<std::string> programs_of(const Policy& policy) {
    std::set<std::string> out;
    const auto add_profile = [&](const Profile& profile) {
        if (!profile.is_supervised) return;
        for (const auto& [program, rules] : profile.program_rules) out.insert(program_key(program));
        for (const auto& budget : profile.budgets) {
            for (const auto& program : budget.scope.programs) out.insert(program_key(program));
            for (const auto* service : budget.scope.services)
                for (const auto& program : service->programs()) out.insert(program_key(program));
        }
    };
    for (const auto& [account, index] : policy.by_account) add_profile(policy.people[index].profile);
    for (const auto& [account, index] : policy.group_by_account) add_profile(policy.groups[index].profile);
    return out;
}

bool is_supervised(const Policy& policy, std::uint32_t account) {
    account = policy.owner_of(account);
    if (account == 0 || (!policy.by_account.contains(account) && !policy.group_by_account.contains(account)))
        return false;
    return policy.subject(account, {}).profile->is_supervised;
}

const ProgramPlan::Account* ProgramPlan::find(std::uint32_t account) const {
    for (const auto& known : accounts)
        for (const auto& [first, last] : known.numbers)
            if (account >= first && account <= last) return &known;
    return nullptr;
}

bool ProgramPlan::may_start(std::uint32_t account, const std::vector<std::string>& names) const {
    const auto* held = find(account);
    return held == nullptr || std::none_of(names.begin(), names.end(),
                                           [&](const std::string& name) { return held->blocked.contains(name); });
}

ProgramPlan plan_of(const Policy& policy, const Moment& now, const std::vector<std::string>& folders,
                    const std::function<std::optional<std::string>(std::uint32_t)>& home) {
    ProgramPlan out;
    out.programs = programs_of(policy);
    if (out.programs.empty()) return out;
    out.folders = folders;
    for (const auto& program : out.programs)
        if (program.starts_with('/')) out.folders.push_back(program.substr(0, program.rfind('/') + 1));
    std::set<std::uint32_t> accounts;
    for (const auto* known : {&policy.by_account, &policy.group_by_account})
        for (const auto& [account, index] : *known)
            if (is_supervised(policy, account)) accounts.insert(account);
    for (const auto account : accounts) {
        ProgramPlan::Account held{policy.accounts_of(account), {}};
        const auto who = policy.subject(account, {});
        for (const auto& program : out.programs) {
            const auto target = Target::of_program(program);
            if (decide(policy, who, target, now).is_blocked()) held.blocked.insert(program);
            if (const auto until = verdict_until(policy, who, target, now))
                out.until = std::min(out.until.value_or(INT64_MAX), until->awake_seconds);
        }
        out.accounts.push_back(std::move(held));
        if (const auto own = home(account); own && *own != "/")
            for (const char* below : {"/bin", "/.local/bin"}) out.folders.push_back(*own + below);
    }
    return out;
}

Fate fate_of(const Policy& policy, std::uint32_t account, std::string_view program, const Moment& now) {
    const auto who = policy.subject(account, {});
    const auto target = Target::of_program(program);
    const auto decision = decide(policy, who, target, now);
    Fate out{Ending::none, verdict_until(policy, who, target, now), {}};
    if (!decision.is_blocked()) return out;
    out.sentence = explain_program(decision, policy, who, program);
    // When all time is up the session is ended as the guardian chose, and every program with it.
    if (decision.reason != Reason::own_rule && decide(policy, who, Target::session(), now).is_blocked()) return out;
    out.ending = decision.reason == Reason::own_rule && !decision.source.schedule ? Ending::end : Ending::hold;
    return out;
}

}  // namespace hort::enforce
