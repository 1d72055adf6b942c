// A guardian's exceptions with an end, and what children ask for. A grant ends by itself; its row goes with the next
// change.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/store/audit.h"
#include "rules/moment.h"

namespace hort::store {

struct GrantRecord {
    std::int64_t id = 0, person = 0;
    std::string kind;             // "allow", "bonus", "pause"
    std::string subject;          // of allow: a site, a service or a category
    std::optional<Moment> until;  // empty: until it is taken back
    std::string boot;             // in which boot it was given: until->boot_seconds counts in that one
};

struct RequestRecord {
    std::int64_t id = 0, person = 0;
    std::string child;  // the person's name
    std::string kind;   // "time", "site"
    std::string subject, why;
    std::int64_t seconds = 0;  // of time: how much
    std::int64_t made = 0;     // seconds since 1970 UTC
    std::string state = "open", answer;
    std::int64_t answered = 0;
};

// More time of a budget, on a day of use.
struct Reserve {
    std::int64_t person = 0;
    std::int32_t day = 0;
    std::string key;
    std::int64_t seconds = 0;
};

// What a guardian gives at once.
struct Given {
    std::vector<GrantRecord> grants;
    std::vector<Reserve> reserves;
};

class Grants {
  public:
    explicit Grants(Database& database) : database_(database) {}

    Result<std::vector<GrantRecord>> all() const;
    // `now` tells which older rows have ended.
    Status give(const Given& given, const Moment& now, const std::string& action, const std::string& said,
                const By& by);
    // Ends the pauses of these people; returns how many there were.
    Result<std::int64_t> resume(const std::vector<std::int64_t>& people, const std::string& said, const By& by);

    // Newest last; open ones only, or all of the last 100.
    Result<std::vector<RequestRecord>> requests(bool open_only) const;
    Result<RequestRecord> request(std::int64_t id) const;
    // Returns its number. Refused when the child has 20 open ones.
    Result<std::int64_t> ask(const RequestRecord& request, const By& by);
    // Refused when it was answered before. With what is given.
    Status answer(std::int64_t id, const std::string& state, const std::string& answer, const Given& given,
                  const Moment& now, const By& by);

  private:
    Status put(const Given& given, const Moment& now, const By& by);
    Status put(std::int64_t person, const GrantRecord& grant, const Moment& now, const By& by);
    Database& database_;
};

}  // namespace hort::store
