// decide(): may this subject do this, now, and until when does that answer hold?
//
// A pure function. DNS, proxy, apps and clock ask it and get the same answer with the same reason. It allocates
// nothing and takes no lock.
#pragma once

#include <optional>
#include <string>

#include "rules/moment.h"
#include "rules/policy.h"

namespace hort {

// In the order of precedence, highest first.
enum class Reason : std::uint8_t {
    protected_help,  // a helpline or reporting hotline: allowed, and leaves no trace
    unsupervised,    // the subject is not supervised
    own_rule,        // the profile's own rule for the site
    bypass,          // a known way round the filter
    category,        // a blocked category
    no_rule,         // nothing speaks against it
};
std::string_view name_of(Reason reason);

// Which rule spoke, in data: strings are made at the edge. The list and its line are found from these on demand.
struct Source {
    int matched_labels = 0;            // labels of the rule's name: 2 when "example.org" decided on "www.example.org"
    std::optional<Category> category;  // for bypass and category
};

struct Decision {
    Verdict verdict = Verdict::allow;
    Reason reason = Reason::no_rule;
    Source source;
    std::optional<Moment> until;  // when the answer can change through time alone; empty: never

    bool is_blocked() const { return verdict == Verdict::block; }
    // May it stand in a log, a report or a counter?
    bool leaves_a_trace() const { return reason != Reason::protected_help; }
};

// REQUIRES: subject.profile and policy.ruleset are set.
Decision decide(const Policy& policy, const Subject& subject, const Hostname& host, Moment now);

// The same answer in words, for people: one sentence.
std::string explain(const Decision& decision, const Subject& subject, const Hostname& host, const Taxonomy& taxonomy);

}  // namespace hort
