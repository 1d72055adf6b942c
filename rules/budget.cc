#include "rules/budget.h"

#include <algorithm>
#include <chrono>

namespace hort {
namespace {

std::chrono::year_month_day date_of(Day day) {
    return std::chrono::year_month_day{std::chrono::sys_days(std::chrono::days(day))};
}

Day day_of(const std::chrono::year_month_day& date) {
    return static_cast<Day>(std::chrono::sys_days(date).time_since_epoch().count());
}

}  // namespace

bool BudgetScope::names(const Hostname& host) const {
    return std::any_of(sites.begin(), sites.end(), [&](const Hostname& name) { return host.is_or_is_below(name); }) ||
           std::any_of(services.begin(), services.end(),
                       [&](const Service* service) { return service->has_host(host); });
}

bool BudgetScope::covers_program(std::string_view file_name) const {
    return std::any_of(programs.begin(), programs.end(),
                       [key = program_key(file_name)](const auto& name) { return program_key(name) == key; }) ||
           std::any_of(services.begin(), services.end(),
                       [&](const Service* service) { return service->has_program(file_name); });
}

std::string text_of(const BudgetScope& scope) {
    if (scope.is_device) return "the computer";
    std::string out;
    const auto add = [&](const std::string& name) { out += (out.empty() ? "" : ", ") + name; };
    for (auto left = scope.categories; !left.empty(); left = left - CategorySet::of(left.first()))
        add(Taxonomy::shipped().entries()[left.first()].title.en);
    for (const auto* service : scope.services) add(service->title);
    for (const auto& site : scope.sites) add(std::string(site.text()));
    for (const auto& program : scope.programs) add("the program " + program);
    return out;
}

std::string_view name_of(Budget::Period period) {
    constexpr std::string_view names[] = {"day", "week", "month"};
    return names[static_cast<std::size_t>(period)];
}

Result<Budget::Period> parse_period(std::string_view name) {
    for (const auto period : {Budget::Period::day, Budget::Period::week, Budget::Period::month})
        if (name == name_of(period)) return period;
    return Error{"no period", std::string(name.substr(0, 20)), "expected day, week or month"};
}

Day period_begin(Budget::Period period, Day day) {
    if (period == Budget::Period::week) return day - LocalTime{day, 0}.weekday();
    if (period == Budget::Period::month) {
        const auto date = date_of(day);
        return day_of(date.year() / date.month() / std::chrono::day(1));
    }
    return day;
}

Day next_period_begin(Budget::Period period, Day day) {
    if (period == Budget::Period::week) return period_begin(period, day) + 7;
    if (period == Budget::Period::month) {
        const auto next = date_of(day).year() / date_of(day).month() / std::chrono::day(1) + std::chrono::months(1);
        return day_of(next);
    }
    return day + 1;
}

}  // namespace hort
