#include "rules/budget.h"

#include <algorithm>
#include <chrono>

namespace hort {
namespace {

bool is_or_is_below(const Hostname& host, const Hostname& name) {
    const auto labels = name.label_count();
    return host.label_count() >= labels && host.suffix(labels) == name.text();
}

bool is_same_file_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::chrono::year_month_day date_of(Day day) {
    return std::chrono::year_month_day{std::chrono::sys_days(std::chrono::days(day))};
}

Day day_of(const std::chrono::year_month_day& date) {
    return static_cast<Day>(std::chrono::sys_days(date).time_since_epoch().count());
}

}  // namespace

bool BudgetScope::names(const Hostname& host) const {
    return std::any_of(sites.begin(), sites.end(), [&](const Hostname& name) { return is_or_is_below(host, name); }) ||
           std::any_of(services.begin(), services.end(), [&](const Service* service) {
               return std::any_of(service->hosts.begin(), service->hosts.end(),
                                  [&](const Hostname& name) { return is_or_is_below(host, name); });
           });
}

bool BudgetScope::covers_program(std::string_view file_name) const {
    const auto is_it = [&](const std::string& name) { return is_same_file_name(name, file_name); };
    return std::any_of(programs.begin(), programs.end(), is_it) ||
           std::any_of(services.begin(), services.end(), [&](const Service* service) {
               return std::any_of(service->executables.begin(), service->executables.end(), is_it);
           });
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
