// The guardian's PIN.
#include "daemon/pin.h"

#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"

namespace hort::control::handlers {

using nlohmann::json;

Result<json> pin_set(Household& household, const Caller& caller, const json& params) {
    const auto pin = params.at("pin").get<std::string>();
    if (auto good = check_new_pin(pin); !good) return good.error();
    if (auto done = household.people.set_setting("pin", hash_of_pin(pin, household.new_salt()), by(caller)); !done)
        return done.error();
    return json{{"message", "The PIN is set. In a child's session 'hortctl --pin COMMAND' asks for it."}};
}

Result<json> pin_clear(Household& household, const Caller& caller, const json&) {
    if (household.people.setting("pin").empty()) return Error{"no PIN is set", {}, {}};
    if (auto done = household.people.set_setting("pin", "", by(caller)); !done) return done.error();
    return json{{"message", "There is no PIN any more."}};
}

}  // namespace hort::control::handlers
