#include "daemon/control/handlers.h"

#include <nlohmann/json.hpp>

namespace hort::control {

Handler find_handler(std::string_view method) {
    static constexpr std::pair<std::string_view, Handler> table[] = {
        {"status", handlers::status},         {"version", handlers::version},
        {"lists", handlers::lists},           {"log", handlers::log},
        {"child.add", handlers::child_add},   {"child.list", handlers::child_list},
        {"child.show", handlers::child_show}, {"child.remove", handlers::child_remove},
        {"allow", handlers::allow},           {"block", handlers::block},
        {"unset", handlers::unset},           {"explain", handlers::explain},
    };
    for (const auto& [name, handler] : table)
        if (name == method) return handler;
    return nullptr;
}

}  // namespace hort::control
