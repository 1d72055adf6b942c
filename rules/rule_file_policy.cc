#include "rules/rule_file_policy.h"

#include <algorithm>
#include <cstdio>
#include <memory>

namespace hort {
namespace {

// A profile with what it inherits; a rule of a descendant replaces those of its ancestors for the same subject.
class Resolver {
  public:
    Resolver(const RuleFile& file, const Policy& policy, std::size_t first_schedule, std::size_t first_service)
        : file_(file), policy_(policy), first_schedule_(first_schedule), first_service_(first_service) {}

    Profile resolve(std::size_t index, const std::string& name) const {
        std::vector<const RuleFile::ProfileText*> line;  // from the profile up
        for (std::optional<std::size_t> at = index; at; at = file_.profiles[*at].parent)
            line.push_back(&file_.profiles[*at]);
        std::reverse(line.begin(), line.end());

        auto tier = Tier::age_16_17;
        for (const auto* text : line) tier = text->tier.value_or(tier);
        auto out = Profile::of_tier(name, tier, Taxonomy::shipped());
        std::vector<RuleFile::Rule> rules;
        for (const auto* text : line) {
            std::erase_if(rules, [&](const RuleFile::Rule& old) {
                return std::any_of(text->rules.begin(), text->rules.end(),
                                   [&](const RuleFile::Rule& rule) { return rule.subject == old.subject; });
            });
            rules.insert(rules.end(), text->rules.begin(), text->rules.end());
            if (text->online) out.online = shifted(*text->online);
            out.is_allow_list_only = text->is_allow_list_only.value_or(out.is_allow_list_only);
            out.is_watched_only = text->is_watched_only.value_or(out.is_watched_only);
            out.google_domains = text->google_domains.value_or(out.google_domains);
            out.has_safe_search = text->has_safe_search.value_or(out.has_safe_search);
            out.restricted_mode = text->restricted_mode.value_or(out.restricted_mode);
        }
        for (const auto& rule : rules) apply(rule, out);
        return out;
    }

  private:
    ScheduleIndex shifted(ScheduleIndex index) const { return static_cast<ScheduleIndex>(index + first_schedule_); }

    const Service& service(std::string_view id) const {
        for (std::size_t i = 0; i < file_.services.size(); ++i)
            if (file_.services[i].id == id) return *policy_.services[first_service_ + i];
        return *Services::shipped().find(id);
    }

    void apply(const RuleFile::Rule& rule, Profile& out) const {
        const auto during = rule.during ? std::optional(shifted(*rule.during)) : std::nullopt;
        if (rule.category) {
            const auto set = CategorySet::of(*rule.category);
            if (during)
                out.timed.push_back({set, rule.verdict, *during});
            else
                out.blocked = rule.verdict == Verdict::block ? out.blocked | set : out.blocked - set;
            return;
        }
        const SiteRule site{rule.verdict, rule.is_always, nullptr, during};
        if (rule.web)
            out.web_rules.push_back({*rule.web, site});
        else if (rule.site)
            out.add_site(*rule.site, site);
        else
            out.add_service(service(rule.subject), site);
    }

    const RuleFile& file_;
    const Policy& policy_;
    std::size_t first_schedule_, first_service_;
};

}  // namespace

Policy policy_of_nobody(std::shared_ptr<const Ruleset> ruleset) {
    Policy out;
    out.ruleset = std::move(ruleset);
    out.help = std::shared_ptr<const ProtectedHelp>(&ProtectedHelp::shipped(), [](const ProtectedHelp*) {});
    out.bypass = Taxonomy::shipped().bypass();
    out.allow_list = Taxonomy::shipped().allow_list();
    return out;
}

void put_rule_file(Policy& policy, const RuleFile& file, const AccountNumber& account_number) {
    const auto first_schedule = policy.schedules.size(), first_service = policy.services.size();
    policy.schedules.insert(policy.schedules.end(), file.schedules.begin(), file.schedules.end());
    for (const auto& service : file.services) policy.services.push_back(std::make_shared<const Service>(service));
    const Resolver resolver(file, policy, first_schedule, first_service);
    for (const auto& text : file.groups) {
        const auto index = policy.groups.size();
        policy.groups.push_back({text.name, resolver.resolve(text.profile, text.name)});
        policy.groups.back().profile.client_names = {text.name};
        for (const auto& account : text.accounts)
            if (const auto number = account_number(account)) policy.group_by_account.try_emplace(*number, index);
        for (const auto& network : text.networks) policy.group_by_network.emplace_back(network, index);
    }
    std::stable_sort(policy.group_by_network.begin(), policy.group_by_network.end(),
                     [](const auto& a, const auto& b) { return a.first.bits > b.first.bits; });
    if (file.default_profile) policy.household = resolver.resolve(*file.default_profile, std::string(household_name));
}

std::string because_of(const Decision& decision, const Policy& policy, const Hostname& host) {
    const auto& source = decision.source;
    switch (decision.reason) {
        case Reason::protected_help:
            return "protected help";
        case Reason::own_rule:
            return source.service != nullptr ? "service " + source.service->id
                   : source.web != nullptr   ? "own rule " + source.web->subject()
                                             : "own rule " + std::string(host.suffix(source.matched_labels));
        case Reason::schedule:
            return "schedule " + policy.schedules[*source.schedule].name;
        case Reason::bypass:
        case Reason::category:
        case Reason::content:
            return std::string(name_of(decision.reason)) + " " +
                   std::string(Taxonomy::shipped().id_of(*source.category));
        case Reason::not_on_list:
            return "not on list";
        case Reason::no_rule:
            return "no rule";
        default:
            return std::string(name_of(decision.reason));
    }
}

std::vector<FailedCase> run_cases(const RuleFile& file, const Policy& policy) {
    std::vector<FailedCase> out;
    for (const auto& test : file.tests) {
        const auto& name = file.groups[test.group].name;
        const auto who = policy.subject_named(name);
        const Moment at{policy.zone.first_moment_of(test.at), 0};
        const auto decision = test.url.empty() ? decide(policy, who, test.site, at)
                                               : decide(policy, who, Target(test.site, test.url, test.target), at);
        const auto because = because_of(decision, policy, test.site);
        const bool is_because =
            test.because.empty() || because == test.because || because.starts_with(test.because + " ");
        if (decision.verdict == test.expect && is_because) continue;
        char time[32];
        std::snprintf(time, sizeof time, " %02d:%02d", test.at.minute / 60, test.at.minute % 60);
        out.push_back({test.place, name + ", " + std::string(name_of_weekday(test.at.weekday())) + " " +
                                       text_of_day(test.at.day) + time + ", " +
                                       (test.url.empty() ? std::string(test.site.text()) : test.url) + ": expected " +
                                       std::string(name_of(test.expect)) +
                                       (test.because.empty() ? "" : " because of " + test.because) + ", got " +
                                       std::string(name_of(decision.verdict)) + " because of " + because});
    }
    return out;
}

}  // namespace hort
