#include "rules/profile.h"

namespace hort {

std::string_view name_of(Verdict verdict) { return verdict == Verdict::allow ? "allow" : "block"; }

std::string_view name_of(BlockedAnswer answer) {
    constexpr std::string_view names[] = {"null", "nxdomain", "refused", "page"};
    return names[static_cast<std::size_t>(answer)];
}

Profile Profile::of_tier(std::string name, Tier tier, const Taxonomy& taxonomy) {
    Profile out;
    out.name = std::move(name);
    out.tier = tier;
    out.is_supervised = tier != Tier::adult;
    out.blocked = taxonomy.blocked_by(tier);
    out.is_allow_list_only = tier == Tier::age_0_6;
    out.has_safe_search = out.scans_content = out.is_supervised;
    out.keeps_detail = tier < Tier::age_16_17;
    out.restricted_mode = tier == Tier::age_0_6 || tier == Tier::age_7_11 ? RestrictedMode::strict
                          : tier == Tier::age_12_15                       ? RestrictedMode::moderate
                                                                          : RestrictedMode::off;
    return out;
}

void Profile::add_site(const Hostname& host, SiteRule rule) { own_rules.at(host).push_back(rule); }

void Profile::add_program(std::string_view program, SiteRule rule) {
    program_rules[program_key(program)].push_back(rule);
}

void Profile::add_service(const Service& service, SiteRule rule) {
    rule.service = &service;
    for (const auto& host : service.hosts) add_site(host, rule);
    for (const auto& program : service.programs()) add_program(program, rule);
}

CategorySet Profile::ever_blocked() const {
    auto out = blocked;
    for (const auto& entry : timed)
        if (entry.verdict == Verdict::block) out = out | entry.categories;
    return out;
}

}  // namespace hort
