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
                for (const auto& program : service->executables) out.insert(program_key(program));
        }
    };
    for (const auto& [account, index] : policy.by_account) add_profile(policy.people[index].profile);
    for (const auto& [account, index] : policy.group_by_account) add_profile(policy.groups[index].profile);
    return out;
}

bool may_start(const Policy& policy, const Subordinates& subordinates, std::uint32_t account,
               const std::vector<std::string>& programs, const Moment& now) {
    for (const auto& [range, owner] : subordinates)
        if (account >= range.first && account <= range.second) account = owner;
    if (!policy.by_account.contains(account) && !policy.group_by_account.contains(account)) return true;
    const auto who = policy.subject(account, {});
    if (account == 0 || !who.profile->is_supervised) return true;
    return std::none_of(programs.begin(), programs.end(), [&](const std::string& program) {
        return decide(policy, who, Target::of_program(program), now).is_blocked();
    });
}

bool is_many_programs(std::string_view file_name) {
    constexpr std::string_view exact[] = {"snap", "flatpak", "busybox", "env", "bash", "dash", "sh", "wine", "java"};
    constexpr std::string_view beginnings[] = {"python", "perl", "ruby", "node", "php", "lua"};
    return std::find(std::begin(exact), std::end(exact), file_name) != std::end(exact) ||
           std::any_of(std::begin(beginnings), std::end(beginnings),
                       [&](std::string_view beginning) { return file_name.starts_with(beginning); });
}

}  // namespace hort::enforce
