// What each command of the table does. A handler gets checked parameters, runs on the io_context's thread, and
// answers with its result, or with an error that changes nothing.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "ctl/commands.h"
#include "daemon/daemon.h"
#include "daemon/lists/keeper.h"
#include "daemon/store/activity.h"
#include "daemon/store/budgets.h"
#include "daemon/store/grants.h"
#include "daemon/store/hours.h"
#include "daemon/store/ledger.h"
#include "daemon/store/list_records.h"
#include "daemon/store/local_records.h"
#include "daemon/store/people.h"
#include "daemon/usage/timekeeper.h"

namespace hort::platform {
class GivenFile;
}

namespace hort::control {

// Who calls.
struct Caller {
    ctl::Role role = ctl::Role::anyone;
    std::string name;                                           // of the OS account, for the audit
    std::string child;                                          // the person that the account belongs to; empty: none
    std::shared_ptr<const platform::GivenFile> file = nullptr;  // that came with the command
};

// What handlers may touch. `put_in_force` builds a Policy from the store and publishes it; `put_names_in_force` does so
// with the names that are answered here.
struct Household {
    store::Database& database;
    store::People& people;
    store::Hours& hours;
    store::Grants& grants;
    store::Budgets& budgets;
    store::Ledger& ledger;
    usage::Timekeeper& timekeeper;
    store::ListRecords& records;
    hort::lists::Keeper& keeper;
    PolicyInForce& policy;
    const Counters& counters;
    store::ActivityRecords& activity;
    std::function<void()> flush_activity;  // writes what was noted; call it before reading
    std::function<Status()> put_in_force;
    store::LocalRecords& local_records;
    std::function<Status()> put_names_in_force;
    DnsFront& dns_front;
    Interception& interception;
    // Says whether it is the guardian's PIN, at once or later on the io_context's thread.
    std::function<void(const std::string& account, const std::string& pin, std::function<void(Status)> done)> try_pin;
    std::function<std::string()> new_salt;
    std::function<std::optional<EnforcementState>()> enforcement;  // nothing: the firewall is left alone
    std::string dns, proxy;                                        // where it listens
};

// Called once, with what the command gave; at once or later, on the io_context's thread.
using Answer = std::function<void(Result<nlohmann::json>)>;
using Handler = void (*)(Household&, const Caller&, const nlohmann::json& params, Answer answer);
// nullptr when the method has none; a test checks that every command of the table has one.
Handler find_handler(std::string_view method);

namespace handlers {  // by noun
Result<nlohmann::json> status(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> version(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> lists(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> lists_show(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> lists_add(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> lists_update(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> lists_progress(Household&, const Caller&, const nlohmann::json&);
void lists_remove(Household&, const Caller&, const nlohmann::json&, Answer);
void rules_install(Household&, const Caller&, const nlohmann::json&, Answer);
void rules_uninstall(Household&, const Caller&, const nlohmann::json&, Answer);
Result<nlohmann::json> rules_status(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> rules_trust(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> rules_distrust(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> log(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> child_add(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> child_set(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> child_list(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> child_show(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> child_remove(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> allow(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> block(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> unset(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> allow_for(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> name_add(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> name_list(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> name_remove(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> cache_flush(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> hours(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> hours_set(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> hours_clear(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> week(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> budget(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> budget_set(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> budget_clear(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> budget_exempt(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> budget_count(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> breaks_set(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> breaks_clear(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> report(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> apps(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> simulate(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> child_promote(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> profile_add(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> profile_list(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> intercept_on(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> intercept_off(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> intercept_status(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> intercept_renew(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> intercept_certificate(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> intercept_leave(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> intercept_unleave(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> settings(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> settings_set(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> audit(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> export_all(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> import_all(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> erase(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> doctor(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> pin_set(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> pin_clear(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> bonus(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> pause(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> resume(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> ask(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> requests(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> approve(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> deny(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> login(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> explain(Household&, const Caller&, const nlohmann::json&);

store::By by(const Caller& caller);
// "17:30", "tomorrow 17:30", "Saturday 17:30", "2026-12-24 17:30", on the clock on the wall.
std::string time_text(const Policy& policy, std::int64_t moment, std::int64_t now);
// Whether the person may be online now, until when, and the grants that run.
nlohmann::json times_json(const Policy& policy, const Person& person, const Moment& now);
// What is used and left of each budget.
nlohmann::json budgets_json(const Policy& policy, const Person& person, const Moment& now);
// Subjects in order, with commas: a budget's key; empty for none.
std::string key_of(const nlohmann::json& subjects);
// Puts what was stored in force, and answers.
Result<nlohmann::json> in_force(Household& household, nlohmann::json out);
// What the next age tier would change, where a birthday has come; null otherwise.
nlohmann::json birthday_json(const store::PersonRecord& person, Day today);
nlohmann::json child_json(Household& household, const store::PersonRecord& person, const Policy& policy);
}  // namespace handlers

}  // namespace hort::control
