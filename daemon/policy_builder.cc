#include "daemon/policy_builder.h"

#include "platform/accounts.h"
#include "platform/clock.h"
#include "platform/endpoint.h"
#include "rules/list_reader.h"
#include "rules/rule_file_policy.h"

namespace hort {
std::shared_ptr<const Policy> build_policy(const std::vector<store::PersonRecord>& people,
                                           const std::vector<RuleFile>& rule_files,
                                           std::shared_ptr<const Ruleset> ruleset) {
    const auto& taxonomy = Taxonomy::shipped();
    auto policy = std::make_shared<Policy>();
    policy->ruleset = std::move(ruleset);
    policy->help = std::shared_ptr<const ProtectedHelp>(&ProtectedHelp::shipped(), [](const ProtectedHelp*) {});
    policy->zone = platform::local_zone(platform::now().wall_seconds);
    policy->bypass = taxonomy.bypass();
    policy->allow_list = taxonomy.allow_list();
    // Whoever is not known is taken for an older child: nobody gets round the filter with an unknown device.
    policy->household = Profile::of_tier("household", Tier::age_16_17, taxonomy);
    for (const auto& file : rule_files) put_rule_file(*policy, file, platform::account_id);
    for (const auto& record : people) {
        Person person{record.id, record.name, Profile::of_tier(record.name, record.tier, taxonomy)};
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
