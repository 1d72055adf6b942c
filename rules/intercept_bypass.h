// Which connections are never looked into where interception is on: help, health, money, programs that take nobody's
// certificate but their own. The data with a reason for each row: rules/data/intercept_bypass.json.
#pragma once

#include <string>
#include <vector>

#include "rules/host_map.h"
#include "rules/policy.h"

namespace hort {

class InterceptBypass {
  public:
    // Reads the JSON of rules/data/intercept_bypass.json.
    static Result<InterceptBypass> parse(std::string_view json);
    static const InterceptBypass& shipped();

    // Why the site is left alone; empty: it is not.
    std::string_view reason(const Hostname& host) const;
    // Names that the machine's authority is made unable to speak for: protected help, health and money.
    const std::vector<std::string>& never() const { return never_; }
    std::size_t size() const { return rows_.size(); }

  private:
    HostMap<std::string> rows_;  // its reason
    std::vector<std::string> never_;
};

// May what this subject says to the site be looked into? Only where the owner switched it on, only of the supervised,
// and never where the shipped list, the owner's, the essential allow-list or a list of banks says so. `why_not` gets
// the reason, for people.
bool may_look_into(const Policy& policy, const Subject& subject, const Hostname& host, std::string* why_not = nullptr);

}  // namespace hort
