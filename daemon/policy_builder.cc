#include "daemon/policy_builder.h"

#include <algorithm>
#include <map>

#include "daemon/device.h"
#include "daemon/store/usage_records.h"
#include "daemon/switches.h"
#include "platform/accounts.h"
#include "platform/clock.h"
#include "rules/ascii.h"
#include "rules/list_reader.h"
#include "rules/rule_file_policy.h"
#include "rules/time_text.h"

namespace hort {
namespace {

constexpr std::string_view program_prefix = "program:";

// Rows that no version of Hort wrote are left out.
void add_hours(Schedule& schedule, const store::HoursRecord& row) {
    const auto windows = parse_windows(row.windows);
    if (!windows) return;
    if (const auto day = parse_weekday(row.days)) {
        schedule.clear(*day);
        for (const auto& window : *windows) schedule.add(*day, window);
    } else if (const auto days = parse_days(row.days)) {
        schedule.add(Schedule::Exception{days->first, days->second, *windows});
    }
}

// The profile that is followed, and its own, before the person itself.
std::vector<std::int64_t> chain_of(const std::vector<store::PersonRecord>& all, std::int64_t id) {
    std::vector<std::int64_t> out;
    while (id != 0 && out.size() < 8) {
        out.insert(out.begin(), id);
        std::int64_t parent = 0;
        for (const auto& record : all)
            if (record.id == id) parent = record.parent;
        id = parent;
    }
    return out;
}

void put_rules(const Policy& policy, Profile& profile, const std::vector<store::PersonRecord>& all,
               const std::vector<std::int64_t>& chain) {
    // Of two rules for the same thing the person's own holds.
    std::map<std::pair<bool, std::string>, store::OwnRule> rules;
    for (const auto id : chain)
        for (const auto& record : all)
            if (record.id == id)
                for (const auto& rule : record.rules) rules[{rule.is_category, rule.subject}] = rule;
    for (const auto& [key, rule] : rules) {
        const SiteRule site{rule.verdict, rule.is_always, nullptr, {}};
        if (WebRule::is_meant(rule.subject)) {
            if (auto web = WebRule::parse(rule.subject)) profile.web_rules.push_back({*std::move(web), site});
        } else if (rule.subject.starts_with(program_prefix)) {
            profile.add_program(rule.subject.substr(program_prefix.size()), site);
        } else if (rule.is_category) {
            if (const auto category = Taxonomy::shipped().find(rule.subject)) {
                const auto set = CategorySet::of(*category);
                profile.blocked = rule.verdict == Verdict::block ? profile.blocked | set : profile.blocked - set;
            }
        } else if (const auto* service = find_service(policy, rule.subject)) {
            profile.add_service(*service, site);
        } else if (const auto host = Hostname::parse(rule.subject)) {
            profile.add_site(*host, site);
        }
    }
}

void put_switches(Profile& profile, const std::vector<store::PersonRecord>& all,
                  const std::vector<std::int64_t>& chain) {
    for (const auto id : chain)
        for (const auto& record : all)
            if (record.id == id)
                for (const auto& [name, value] : record.switches) (void)put_switch(profile, name, value);
}

void put_device(Policy& policy, const std::string& text, std::size_t person) {
    const auto device = Device::parse(text);
    if (!device) return;
    switch (device->kind) {
        case Device::Kind::address:
            policy.by_device[device->network.address] = person;
            break;
        case Device::Kind::network:
            policy.by_network.emplace_back(device->network, person);
            break;
        case Device::Kind::hardware:
            policy.by_hardware[device->hardware] = person;
            break;
        case Device::Kind::client_id:
            policy.by_client_id[device->text] = person;
            break;
    }
}

void put_hours(Policy& policy, Profile& profile, const std::vector<store::HoursRecord>& rows,
               const std::vector<std::int64_t>& chain) {
    std::map<std::string, Schedule> by_subject;
    for (const auto id : chain)
        for (const auto& row : rows) {
            if (row.person != id) continue;
            const auto [it, is_new] = by_subject.try_emplace(row.subject);
            if (is_new) {
                for (int day = 0; day < 7; ++day) it->second.add(day, {0, 1440});
                if (!row.subject.empty()) it->second.name = "its hours";
            }
            add_hours(it->second, row);
        }
    for (auto& [subject, schedule] : by_subject) {
        const auto index = static_cast<ScheduleIndex>(policy.schedules.size());
        policy.schedules.push_back(std::move(schedule));
        const SiteRule outside{Verdict::block, false, nullptr, index, true};
        if (subject.empty()) {
            profile.online = index;
        } else if (subject.starts_with(program_prefix)) {
            profile.add_program(subject.substr(program_prefix.size()), outside);
        } else if (const auto category = Taxonomy::shipped().find(subject)) {
            profile.timed.push_back({CategorySet::of(*category), Verdict::block, index, true});
        } else if (const auto* service = find_service(policy, subject)) {
            profile.add_service(*service, outside);
        } else if (const auto host = Hostname::parse(subject)) {
            profile.add_site(*host, outside);
        }
    }
}

void put_budgets(const Policy& policy, Profile& profile, const HouseholdRecords& records,
                 const std::vector<std::int64_t>& chain) {
    std::map<std::pair<std::string, Budget::Period>, Budget> budgets;
    std::string uncounted;
    for (const auto id : chain) {
        for (const auto& row : records.budgets) {
            if (row.person != id) continue;
            Budget budget{row.scope, scope_of(policy, row.scope), row.period, {}, row.carries_over, row.since};
            if (row.period == Budget::Period::day) {
                const auto amounts = parse_amounts(row.amounts);
                if (!amounts) continue;
                budget.seconds = *amounts;
            } else {
                const auto amount = parse_amount(row.amounts);
                if (!amount) continue;
                budget.seconds.fill(*amount);
            }
            if (!budget.scope.empty()) budgets[{row.scope, row.period}] = std::move(budget);
        }
        for (const auto& row : records.uncounted)
            if (row.person == id) uncounted += (uncounted.empty() ? "" : ",") + row.subject;
        for (const auto& row : records.breaks)
            if (row.person == id) profile.breaks = BreakRule{row.after, row.length};
    }
    for (auto& [key, budget] : budgets) profile.budgets.push_back(std::move(budget));
    if (!uncounted.empty()) profile.uncounted = scope_of(policy, uncounted);
}

void put_grants(const Policy& policy, Person& person, const std::vector<store::GrantRecord>& rows,
                const std::string& boot) {
    for (const auto& row : rows) {
        if (row.person != person.id) continue;
        Grant grant;
        grant.kind = row.kind == "pause"   ? Grant::Kind::pause
                     : row.kind == "bonus" ? Grant::Kind::bonus
                                           : Grant::Kind::allow;
        grant.until = row.until;
        if (grant.until && row.boot != boot) grant.until->boot_seconds = 0;
        if (grant.kind == Grant::Kind::allow) {
            if (const auto category = Taxonomy::shipped().find(row.subject))
                grant.category = *category;
            else if (const auto* service = find_service(policy, row.subject))
                grant.service = service;
            else if (const auto host = Hostname::parse(row.subject))
                grant.site = *host;
        }
        person.grants.push_back(std::move(grant));
    }
}

}  // namespace

Result<HouseholdRecords> HouseholdRecords::read(const store::People& people, const store::Hours& hours,
                                                const store::Grants& grants, const store::Budgets& budgets) {
    HouseholdRecords out;
    Status done = Done{};
    const auto take = [&](auto& into, auto result) {
        if (result)
            into = *std::move(result);
        else
            done = result.error();
    };
    take(out.people, people.all());
    take(out.hours, hours.all());
    take(out.grants, grants.all());
    take(out.budgets, budgets.all());
    take(out.uncounted, budgets.uncounted());
    take(out.breaks, budgets.breaks());
    if (!done) return done.error();
    return out;
}

BudgetScope scope_of(const Policy& policy, const std::string& subjects) {
    BudgetScope out;
    for (std::size_t at = 0; at <= subjects.size();) {
        const auto comma = std::min(subjects.find(',', at), subjects.size());
        const auto subject = subjects.substr(at, comma - at);
        at = comma + 1;
        if (subject == store::device_key)
            out.is_device = true;
        else if (subject.starts_with(program_prefix))
            out.programs.push_back(subject.substr(program_prefix.size()));
        else if (const auto category = Taxonomy::shipped().find(subject))
            out.categories = out.categories | CategorySet::of(*category);
        else if (const auto* service = find_service(policy, subject))
            out.services.push_back(service);
        else if (const auto host = Hostname::parse(subject); host && host->label_count() >= 2)
            out.sites.push_back(*host);
    }
    return out;
}

std::shared_ptr<Policy> build_policy(const HouseholdRecords& records, const std::vector<RuleFile>& rule_files,
                                     std::shared_ptr<const Ruleset> ruleset) {
    const auto& taxonomy = Taxonomy::shipped();
    const auto boot = platform::boot_id();
    auto policy = std::make_shared<Policy>(policy_of_nobody(std::move(ruleset)));
    policy->zone = platform::local_zone(platform::now().wall_seconds);
    policy->country = platform::local_country();
    // Whoever is not known is taken for an older child: nobody gets round the filter with an unknown device.
    policy->household = Profile::of_tier(std::string(household_name), Tier::age_16_17, taxonomy);
    for (const auto& record : records.people)
        if (record.is_profile && record.name == household_name) {
            put_rules(*policy, policy->household, records.people, {record.id});
            put_switches(policy->household, records.people, {record.id});
            put_hours(*policy, policy->household, records.hours, {record.id});
        }
    for (const auto& file : rule_files) put_rule_file(*policy, file, platform::account_id);
    for (const auto& record : records.people) {
        if (record.is_profile) continue;
        Person person{record.id, record.name, Profile::of_tier(record.name, record.tier, taxonomy), {}, {}, {}};
        person.profile.client_names = {lower(record.name)};
        if (!record.detail.empty()) person.profile.keeps_detail = record.detail == "full";
        const auto chain = chain_of(records.people, record.id);
        put_rules(*policy, person.profile, records.people, chain);
        put_switches(person.profile, records.people, chain);
        put_hours(*policy, person.profile, records.hours, chain);
        put_budgets(*policy, person.profile, records, chain);
        put_grants(*policy, person, records.grants, boot);
        const auto index = policy->people.size();
        for (const auto& account : record.accounts)
            if (const auto uid = platform::account_id(account)) policy->by_account[*uid] = index;
        for (const auto& device : record.devices) put_device(*policy, device, index);
        policy->people.push_back(std::move(person));
    }
    // The supervised first: who shares numbers with a grown-up is still a child.
    for (const bool is_supervised : {true, false})
        for (const auto* known : {&policy->by_account, &policy->group_by_account})
            for (const auto& [account, index] : *known)
                if (policy->subject(account, {}).profile->is_supervised == is_supervised)
                    for (const auto& range : platform::subordinate_ids(account))
                        policy->add_subordinates(range, account);
    // The longest prefix says more of whose it is.
    std::stable_sort(policy->by_network.begin(), policy->by_network.end(),
                     [](const auto& a, const auto& b) { return a.first.bits > b.first.bits; });
    return policy;
}

}  // namespace hort
