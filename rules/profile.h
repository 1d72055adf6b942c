// Profile: what holds for a person or a group. Starts from an age tier and is changed from there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/budget.h"
#include "rules/category.h"
#include "rules/host_map.h"
#include "rules/safe_search.h"
#include "rules/service.h"
#include "rules/web_rule.h"

namespace hort {

enum class Verdict : std::uint8_t { allow, block };
std::string_view name_of(Verdict verdict);

// Where a schedule stands in Policy::schedules.
using ScheduleIndex = std::uint16_t;

// What a profile says of a site by itself.
struct SiteRule {
    Verdict verdict = Verdict::block;
    bool is_always = false;               // an allow rule that holds outside hours, too
    const Service* service = nullptr;     // the service that it was given for; of the shipped or the policy's own
    std::optional<ScheduleIndex> during;  // holds only while that schedule is on
    bool is_outside = false;              // ... or rather while it is not
};

// How a DNS query for something blocked is answered.
enum class BlockedAnswer : std::uint8_t {
    null_address,  // 0.0.0.0 and ::
    nxdomain,      // there is no such name
    refused,
    page,  // the address of the block page, where there is one
};
std::string_view name_of(BlockedAnswer answer);

struct Profile {
    std::string name;
    Tier tier = Tier::age_16_17;
    bool is_supervised = true;
    CategorySet blocked;  // categories that are blocked at any time
    struct Timed {
        CategorySet categories;
        Verdict verdict;
        ScheduleIndex during;
        bool is_outside = false;  // holds while that schedule is not on
    };
    std::vector<Timed> timed;                  // categories that are blocked or allowed at some times
    HostMap<std::vector<SiteRule>> own_rules;  // the most specific name wins, and at equal length block
    struct OwnWebRule {
        WebRule what;
        SiteRule rule;
    };
    std::vector<OwnWebRule> web_rules;  // the longest page decides; what is searched for and loaded is only blocked
    // Own rules for programs by program_key(); those of services stand here, too.
    std::unordered_map<std::string, std::vector<SiteRule>> program_rules;
    std::optional<ScheduleIndex> online;  // outside of it nothing is allowed that is not marked `always`
    bool is_allow_list_only = false;
    bool has_safe_search = false;
    RestrictedMode restricted_mode = RestrictedMode::off;
    BlockedAnswer blocked_answer = BlockedAnswer::null_address;
    bool scans_content = false;    // pages are judged by what is written there, too, where that is visible
    bool is_watched_only = false;  // what would be blocked is counted and passes
    std::string google_domains;    // whose accounts may log in at Google, with commas; empty: any
    bool allows_quic = false;      // where traffic is enforced HTTP/3 is rejected otherwise
    bool hides_quic = false;       // HTTP/3 is not offered, so that what is visited passes the proxy
    std::vector<Budget> budgets;
    BudgetScope uncounted;  // uses up nothing while nothing else is in front
    std::optional<BreakRule> breaks;
    bool keeps_detail = true;               // time by category, and when it was; else only what budgets count
    std::vector<std::string> client_names;  // lower case: the person and its groups, for rules with $client

    // The profile that a tier gives before anyone changed it. Adults are not supervised.
    static Profile of_tier(std::string name, Tier tier, const Taxonomy& taxonomy);

    void add_program(std::string_view program, SiteRule rule);
    void add_site(const Hostname& host, SiteRule rule);
    // Its sites and its programs.
    void add_service(const Service& service, SiteRule rule);
    // Every category that is blocked now or at another time.
    CategorySet ever_blocked() const;
};

}  // namespace hort
