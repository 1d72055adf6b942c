// Which programs have to be asked about, who may start one, and what becomes of one that runs. Passive.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rules/decision.h"

namespace hort::enforce {

// The names (program_key) that some rule or budget of a supervised account here speaks of.
std::set<std::string> programs_of(const Policy& policy);

// Is it an account whose programs are asked about?
bool is_supervised(const Policy& policy, std::uint32_t account);

// What is asked about, and the answers: decided before anybody asks, so that who starts a program waits for nothing but
// a look into it.
struct ProgramPlan {
    struct Account {
        std::vector<AccountRange> numbers;  // see Policy::accounts_of()
        std::set<std::string> blocked;      // of `programs`
        friend bool operator==(const Account&, const Account&) = default;
    };
    std::set<std::string> programs;     // see programs_of()
    std::vector<Account> accounts;      // of the supervised
    std::vector<std::string> folders;   // where the files of programs are looked for
    std::optional<std::int64_t> until;  // awake second at which it can change through time alone

    const Account* find(std::uint32_t account) const;
    bool may_start(std::uint32_t account, const std::vector<std::string>& names) const;
    bool is_same(const ProgramPlan& other) const {
        return programs == other.programs && accounts == other.accounts && folders == other.folders;
    }
};
// `folders`: beside those of rules that name a file, and of the homes of the supervised (`home`: see
// platform/accounts.h).
ProgramPlan plan_of(const Policy& policy, const Moment& now, const std::vector<std::string>& folders,
                    const std::function<std::optional<std::string>(std::uint32_t)>& home);

// What becomes of a program that runs.
enum class Ending : std::uint8_t {
    none,  // it goes on, or ends with its session
    hold,  // it is stopped, for time comes back
    end,   // it is asked to end
};
struct Fate {
    Ending ending = Ending::none;
    std::optional<Moment> until;  // when that can change through time alone
    std::string sentence;         // for the person
};
// REQUIRES: `account` is supervised.
Fate fate_of(const Policy& policy, std::uint32_t account, std::string_view program, const Moment& now);

}  // namespace hort::enforce
