// decide(): may this subject do this, now, and until when does that answer hold?
//
// A pure function. DNS, proxy, apps and clock ask it and get the same answer with the same reason. It allocates
// nothing and takes no lock.
#pragma once

#include <optional>
#include <string>

#include "rules/moment.h"
#include "rules/phrases.h"
#include "rules/policy.h"

namespace hort {

// What is asked for: a site, an address, a program, or (without any) to be at the computer at all.
struct Target {
    const Hostname* host = nullptr;
    const AddressBytes* address = nullptr;
    std::string_view program = {};         // its file name, its path, or another name that rules may use
    std::uint16_t record_type = 1;         // of a DNS query (1 is A); rules with $dnstype ask for it
    std::string_view url = {};             // in normal form (url_path.h) where a path is visible
    std::string_view request_target = {};  // the same as it was sent, in origin-form
    // Of an answer, in lower case ("video/mp4"), and the name under which it wants to be kept.
    std::string_view media_type = {}, file_name = {};
    const PhraseScores* content = nullptr;  // what its words say

    Target(const Hostname& name) : host(&name) {}  // NOLINT: implicit on purpose
    Target(const Hostname& name, std::uint16_t type) : host(&name), record_type(type) {}
    Target(const Hostname& name, std::string_view normal_url) : host(&name), url(normal_url) {}
    Target(const Hostname& name, std::string_view normal_url, std::string_view as_sent)
        : host(&name), url(normal_url), request_target(as_sent) {}
    static Target session() { return Target(); }
    static Target of_address(const AddressBytes& address) {
        Target out;
        out.address = &address;
        return out;
    }
    static Target of_program(std::string_view file_name) {
        Target out;
        out.program = file_name;
        return out;
    }

  private:
    Target() = default;
};

// In the order of precedence, highest first.
enum class Reason : std::uint8_t {
    protected_help,  // a helpline or reporting hotline: allowed, and leaves no trace
    unsupervised,    // the subject is not supervised
    pause,           // a guardian paused everything
    grant,           // a guardian allowed exactly this for a while
    own_rule,        // the profile's own rule for the site
    schedule,        // outside the hours
    break_time,      // a break from the screen
    budget,          // the time for the computer, a category, a service or a site is used up
    bypass,          // a known way round the filter
    category,        // a blocked category
    content,         // what is written there is of a blocked category
    essential,       // on the essential allow-list; the lists do not count
    not_on_list,     // an allow-list-only profile, and not on its list
    no_rule,         // nothing speaks against it
};
std::string_view name_of(Reason reason);
std::optional<Reason> parse_reason(std::string_view name);

// Which rule spoke, in data: strings are made at the edge. The list and its line are found from these on demand.
struct Source {
    int matched_labels = 0;            // labels of the rule's name: 2 when "example.org" decided on "www.example.org"
    std::optional<Category> category;  // for bypass and category
    const Service* service = nullptr;  // for an own rule that was given for a service
    std::optional<ScheduleIndex> schedule = {};  // what limits the rule in time, or is not on
    std::optional<std::uint16_t> budget = {};    // where it stands in the profile's budgets
    bool is_outside = false;                     // the rule holds while that schedule is not on
    const WebRule* web = nullptr;                // for an own rule that speaks of less than a site
    bool is_within = false;  // it is about another site, which the target shows or leads to (request_target.h)
};

struct Decision {
    Verdict verdict = Verdict::allow;
    Reason reason = Reason::no_rule;
    Source source;
    std::optional<Moment> until;  // when the answer can change through time alone; empty: never
    // Of a host that is allowed: the name or address to answer with instead, for safe search or restricted mode.
    std::string_view rewrite = {};

    // It would be blocked, but of this profile is only watched what would be.
    bool is_watched = false;

    bool is_blocked() const { return verdict == Verdict::block; }
    // Blocked for what the target itself is, whatever the time: what an allowed name leads to is blocked for that
    // alone.
    bool is_about_target() const {
        return is_blocked() && (reason == Reason::own_rule || reason == Reason::bypass || reason == Reason::category ||
                                reason == Reason::content || reason == Reason::budget);
    }
    // Whoever is allowed a site by its name is allowed what that leads to: its aliases, its addresses.
    bool covers_where_it_leads() const {
        return reason == Reason::protected_help || reason == Reason::unsupervised || reason == Reason::own_rule ||
               reason == Reason::grant;
    }
    // May it stand in a log, a report or a counter?
    bool leaves_a_trace() const { return reason != Reason::protected_help; }
};

// REQUIRES: subject.profile and policy.ruleset are set.
Decision decide(const Policy& policy, const Subject& subject, const Target& target, const Moment& now);

// When the verdict changes if nobody does anything meanwhile: the next change of the answer may only give it another
// reason. nullopt: not within eight days.
std::optional<Moment> verdict_until(const Policy& policy, const Subject& subject, const Target& target,
                                    const Moment& now);

// The same answer in words, for people: one sentence.
std::string explain(const Decision& decision, const Policy& policy, const Subject& subject, const Hostname& host);
std::string explain_program(const Decision& decision, const Policy& policy, const Subject& subject,
                            std::string_view program);
// Of a decision about the session.
std::string explain_session(const Decision& decision, const Policy& policy, const Subject& subject);

}  // namespace hort
