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

std::uint32_t owner_of(const Subordinates& subordinates, std::uint32_t account) {
    for (const auto& [range, owner] : subordinates)
        if (account >= range.first && account <= range.second) return owner;
    return account;
}

bool is_supervised(const Policy& policy, const Subordinates& subordinates, std::uint32_t account) {
    account = owner_of(subordinates, account);
    if (account == 0 || (!policy.by_account.contains(account) && !policy.group_by_account.contains(account)))
        return false;
    return policy.subject(account, {}).profile->is_supervised;
}

bool may_start(const Policy& policy, const Subordinates& subordinates, std::uint32_t account,
               const std::vector<std::string>& programs, const Moment& now) {
    if (!is_supervised(policy, subordinates, account)) return true;
    const auto who = policy.subject(owner_of(subordinates, account), {});
    return std::none_of(programs.begin(), programs.end(), [&](const std::string& program) {
        return decide(policy, who, Target::of_program(program), now).is_blocked();
    });
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
