// What each command of the table does. A handler gets checked parameters, runs on the io_context's thread, and
// answers with its result, or with an error that changes nothing.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "ctl/commands.h"
#include "daemon/daemon.h"
#include "daemon/lists/library.h"
#include "daemon/recent_blocks.h"
#include "daemon/store/people.h"

namespace hort::control {

// Who calls.
struct Caller {
    ctl::Role role = ctl::Role::anyone;
    std::string name;   // of the OS account, for the audit
    std::string child;  // the person that the account belongs to; empty: none
};

// What handlers may touch. `put_in_force` builds a Policy from the store and publishes it.
struct Household {
    store::People& people;
    PolicyInForce& policy;
    const Counters& counters;
    RecentBlocks& recent;
    std::function<const lists::Library&()> library;
    std::function<Status()> put_in_force;
    std::string dns, proxy;  // where it listens
    std::vector<std::string> upstreams;
};

using Handler = Result<nlohmann::json> (*)(Household&, const Caller&, const nlohmann::json& params);
// nullptr when the method has none; a test checks that every command of the table has one.
Handler find_handler(std::string_view method);

namespace handlers {  // by noun
Result<nlohmann::json> status(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> version(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> lists(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> log(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> child_add(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> child_list(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> child_show(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> child_remove(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> allow(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> block(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> unset(Household&, const Caller&, const nlohmann::json&);
Result<nlohmann::json> explain(Household&, const Caller&, const nlohmann::json&);

nlohmann::json child_json(const store::PersonRecord& person, const Policy& policy);
}  // namespace handlers

}  // namespace hort::control
