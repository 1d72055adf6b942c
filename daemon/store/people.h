// People with their profiles, own rules and the trail of changes. Every change and its audit row are one transaction.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/store/audit.h"
#include "rules/profile.h"

namespace hort::store {

struct OwnRule {
    std::string subject;  // a host name, the id of a service (which has no dot), the id of a category, or a WebRule
    bool is_category = false;
    Verdict verdict = Verdict::block;
    bool is_always = false;  // an allow rule that holds outside hours, too
};

// A person, or a profile that persons follow: its rules, hours and budgets are theirs, unless they have their own.
struct PersonRecord {
    std::int64_t id = 0;
    std::string name;
    Tier tier = Tier::age_7_11;
    std::vector<std::string> accounts, devices;
    std::vector<OwnRule> rules;
    bool is_profile = false;
    std::int64_t parent = 0;  // the profile that is followed; 0: none
    std::string born;         // "2015-06-12"; empty: not told
    std::string at_end =
        "lock";          // what happens to a session when the time is up: "lock", "freeze", "log-out", "nothing"
    std::string detail;  // what is kept of its use: "full", "counts"; empty: by the age tier
    std::map<std::string, std::string> switches;  // see switches.h
};

struct PersonChange {
    std::optional<Tier> tier;
    std::vector<std::string> accounts, devices;  // bound from now on
    std::vector<std::string> unbind;             // accounts and devices, not bound any more
    std::optional<std::string> born, at_end, detail;
    std::optional<std::int64_t> parent;           // 0: no profile any more
    std::map<std::string, std::string> switches;  // empty: not its own any more
};

class People {
  public:
    explicit People(Database& database) : database_(database) {}

    Result<std::vector<PersonRecord>> all() const;  // people first, then profiles
    Result<PersonRecord> find(const std::string& name) const;

    Status add(const PersonRecord& person, const By& by);
    Status remove(const std::string& name, const By& by);
    // Refused as a whole when an account or device belongs to somebody else, or `unbind` to nobody.
    Status change(const std::string& name, const PersonChange& change, const By& by);
    Status set_rule(const std::string& name, const OwnRule& rule, const By& by);
    // Refused when there is no such rule.
    Status unset_rule(const std::string& name, const std::string& subject, bool is_category, const By& by);

    // A setting that is made once by `make` and kept.
    Result<std::string> setting(const std::string& key, const std::function<std::string()>& make);
    // Empty when it was never set.
    std::string setting(const std::string& key) const;
    Status set_setting(const std::string& key, const std::string& value, const By& by);
    // What is known of a person beside its settings: what it used, its requests. The settings stay.
    Status erase(const std::string& name, const By& by);

  private:
    Database& database_;
};

}  // namespace hort::store
