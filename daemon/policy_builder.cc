#include "daemon/policy_builder.h"

#include <map>

#include "platform/accounts.h"
#include "platform/clock.h"
#include "platform/endpoint.h"
#include "rules/list_reader.h"
#include "rules/rule_file_policy.h"
#include "rules/time_text.h"

namespace hort {
namespace {

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

void put_hours(Policy& policy, Person& person, const std::vector<store::HoursRecord>& rows) {
    std::map<std::string, Schedule> by_subject;
    for (const auto& row : rows) {
        if (row.person != person.id) continue;
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
            person.profile.online = index;
        } else if (const auto category = Taxonomy::shipped().find(subject)) {
            person.profile.timed.push_back({CategorySet::of(*category), Verdict::block, index, true});
        } else if (const auto* service = find_service(policy, subject)) {
            person.profile.add_service(*service, outside);
        } else if (const auto host = Hostname::parse(subject)) {
            person.profile.add_site(*host, outside);
        }
    }
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

std::shared_ptr<const Policy> build_policy(const HouseholdRecords& records, const std::vector<RuleFile>& rule_files,
                                           std::shared_ptr<const Ruleset> ruleset) {
    const auto& taxonomy = Taxonomy::shipped();
    const auto boot = platform::boot_id();
    auto policy = std::make_shared<Policy>(policy_of_nobody(std::move(ruleset)));
    policy->zone = platform::local_zone(platform::now().wall_seconds);
    // Whoever is not known is taken for an older child: nobody gets round the filter with an unknown device.
    policy->household = Profile::of_tier("household", Tier::age_16_17, taxonomy);
    for (const auto& file : rule_files) put_rule_file(*policy, file, platform::account_id);
    for (const auto& record : records.people) {
        Person person{record.id, record.name, Profile::of_tier(record.name, record.tier, taxonomy), {}};
        person.profile.client_names = {lists::lower(record.name)};
        for (const auto& rule : record.rules) {
            if (const auto* service = rule.is_category ? nullptr : find_service(*policy, rule.subject)) {
                person.profile.add_service(*service, {rule.verdict, false, nullptr, {}});
            } else if (!rule.is_category) {
                if (const auto host = Hostname::parse(rule.subject))
                    person.profile.add_site(*host, {rule.verdict, false, nullptr, {}});
            } else if (const auto category = taxonomy.find(rule.subject)) {
                const auto set = CategorySet::of(*category);
                person.profile.blocked =
                    rule.verdict == Verdict::block ? person.profile.blocked | set : person.profile.blocked - set;
            }
        }
        put_hours(*policy, person, records.hours);
        put_grants(*policy, person, records.grants, boot);
        const auto index = policy->people.size();
        for (const auto& account : record.accounts)
            if (const auto uid = platform::account_id(account)) policy->by_account[*uid] = index;
        for (const auto& device : record.devices)
            if (const auto address = platform::parse_address(device)) policy->by_device[*address] = index;
        policy->people.push_back(std::move(person));
    }
    return policy;
}

}  // namespace hort
