// Budget: an amount of time per day, week or month for a scope: the device, or a group of categories, services, sites
// and programs. What is used of it is counted by the meter (daemon/usage/); decide() sees a BudgetState.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/category.h"
#include "rules/hostname.h"
#include "rules/local_time.h"
#include "rules/moment.h"
#include "rules/service.h"

namespace hort {

// What time is counted for.
struct BudgetScope {
    bool is_device = false;  // any use of the computer
    CategorySet categories;
    std::vector<const Service*> services;  // of the shipped ones or the policy's own
    std::vector<Hostname> sites;           // each with all below it
    std::vector<std::string> programs;     // file names, lower case

    bool empty() const {
        return !is_device && categories.empty() && services.empty() && sites.empty() && programs.empty();
    }
    // By a site or a service.
    bool names(const Hostname& host) const;
    bool covers(const Hostname& host, CategorySet categories_of_host) const {
        return !(categories & categories_of_host).empty() || names(host);
    }
    // By its file name, or as a program of a service.
    bool covers_program(std::string_view file_name) const;
};

struct Budget {
    enum class Period : std::uint8_t { day, week, month };
    static constexpr std::int64_t unlimited = std::int64_t{1} << 40;  // more seconds than a month has

    std::string key;  // "device", "games,roblox": the subjects in order; what is used is kept under it
    BudgetScope scope;
    Period period = Period::day;
    // Seconds by weekday (0 is Monday) of a day's budget; of a week's or month's the first one counts.
    std::array<std::int64_t, 7> seconds{};
    bool carries_over = false;  // what a period left unused, at most one period's amount, is added to the next one
    Day since = 0;              // the first day on which it held

    // Of the period that begins on `first`.
    std::int64_t amount(Day first) const {
        return seconds[period == Period::day ? static_cast<std::size_t>(LocalTime{first, 0}.weekday()) : 0];
    }
};
std::string_view name_of(Budget::Period period);  // "day"
Result<Budget::Period> parse_period(std::string_view name);

// The first day of the period that holds `day`, and of the next one. Weeks begin on Monday.
Day period_begin(Budget::Period period, Day day);
Day next_period_begin(Budget::Period period, Day day);

// For people: "the computer", "Games, YouTube".
std::string text_of(const BudgetScope& scope);

// "After 45 minutes 15 minutes of rest."
struct BreakRule {
    std::int64_t after = 0, length = 0;  // seconds
};

// A budget as it stood when the policy was published. It needs no new policy while nothing but time goes on.
struct BudgetState {
    std::int64_t used = 0;                  // seconds in the current period
    std::int64_t allowed = 0;               // what is carried over and what guardians added included
    std::int64_t carried = 0, reserve = 0;  // of `allowed`
    std::optional<std::int64_t> empty_at;   // awake_seconds at which it is used up; set while it is in use
    Moment renews;                          // when the next period begins; boot_seconds count

    bool is_renewed(const Moment& now) const { return now.boot_seconds >= renews.boot_seconds; }
    std::int64_t left(const Moment& now) const {
        const auto seconds = empty_at ? *empty_at - now.awake_seconds : allowed - used;
        return seconds > 0 ? seconds : 0;
    }
    bool is_spent(const Moment& now) const { return !is_renewed(now) && left(now) == 0; }
};

struct BreakState {
    std::optional<std::int64_t> begins_at;  // awake_seconds, while the computer is in use
    std::optional<std::int64_t> ends_at;    // boot_seconds, while a break lasts
};

}  // namespace hort
