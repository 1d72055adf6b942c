#include "daemon/control/handlers.h"

#include <nlohmann/json.hpp>

namespace hort::control {
namespace {

using AtOnce = Result<nlohmann::json> (*)(Household&, const Caller&, const nlohmann::json&);

// Most commands know their answer when they return.
template <AtOnce handler>
void at_once(Household& household, const Caller& caller, const nlohmann::json& params, Answer answer) {
    answer(handler(household, caller, params));
}

}  // namespace

Handler find_handler(std::string_view method) {
    using namespace handlers;
    static constexpr std::pair<std::string_view, Handler> table[] = {
        {"status", at_once<status>},
        {"version", at_once<version>},
        {"lists", at_once<lists>},
        {"lists.show", at_once<lists_show>},
        {"lists.add", at_once<lists_add>},
        {"lists.remove", lists_remove},
        {"lists.update", at_once<lists_update>},
        {"lists.progress", at_once<lists_progress>},
        {"log", at_once<handlers::log>},
        {"child.add", at_once<child_add>},
        {"child.set", at_once<child_set>},
        {"child.list", at_once<child_list>},
        {"child.show", at_once<child_show>},
        {"child.remove", at_once<child_remove>},
        {"allow", at_once<allow>},
        {"block", at_once<block>},
        {"unset", at_once<unset>},
        {"explain", at_once<handlers::explain>},
        {"login", at_once<handlers::login>},
        {"name.add", at_once<name_add>},
        {"name.list", at_once<name_list>},
        {"name.remove", at_once<name_remove>},
        {"cache.flush", at_once<cache_flush>},
        {"hours", at_once<hours>},
        {"hours.set", at_once<hours_set>},
        {"hours.clear", at_once<hours_clear>},
        {"week", at_once<week>},
        {"budget", at_once<budget>},
        {"budget.set", at_once<budget_set>},
        {"budget.clear", at_once<budget_clear>},
        {"budget.exempt", at_once<budget_exempt>},
        {"budget.count", at_once<budget_count>},
        {"breaks.set", at_once<breaks_set>},
        {"breaks.clear", at_once<breaks_clear>},
        {"report", at_once<report>},
        {"apps", at_once<handlers::apps>},
        {"simulate", at_once<simulate>},
        {"child.promote", at_once<child_promote>},
        {"profile.add", at_once<profile_add>},
        {"profile.set", at_once<child_set>},
        {"profile.list", at_once<profile_list>},
        {"profile.show", at_once<child_show>},
        {"profile.remove", at_once<child_remove>},
        {"intercept.on", at_once<intercept_on>},
        {"intercept.off", at_once<intercept_off>},
        {"intercept.status", at_once<intercept_status>},
        {"intercept.renew", at_once<intercept_renew>},
        {"intercept.certificate", at_once<intercept_certificate>},
        {"intercept.leave", at_once<intercept_leave>},
        {"intercept.unleave", at_once<intercept_unleave>},
        {"settings", at_once<settings>},
        {"settings.set", at_once<settings_set>},
        {"audit", at_once<audit>},
        {"export", at_once<export_all>},
        {"import", at_once<import_all>},
        {"erase", at_once<erase>},
        {"doctor", at_once<doctor>},
        {"pin.set", at_once<pin_set>},
        {"pin.clear", at_once<pin_clear>},
        {"bonus", at_once<bonus>},
        {"pause", at_once<handlers::pause>},
        {"resume", at_once<resume>},
        {"ask", at_once<ask>},
        {"requests", at_once<requests>},
        {"approve", at_once<approve>},
        {"deny", at_once<deny>},
        {"rules.install", rules_install},
        {"rules.uninstall", rules_uninstall},
        {"rules.status", at_once<rules_status>},
        {"rules.trust", at_once<rules_trust>},
        {"rules.distrust", at_once<rules_distrust>},
    };
    for (const auto& [name, handler] : table)
        if (name == method) return handler;
    return nullptr;
}

}  // namespace hort::control
