// A line on the control socket, as a guardian, before an empty household; and a configuration file.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "daemon/configuration.h"
#include "daemon/control/dispatch.h"
#include "daemon/policy_builder.h"
#include "rules/compiler.h"

using namespace hort;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static auto database = *store::Database::open(":memory:");
    static store::People people(*database);
    static PolicyInForce policy;
    static Counters counters;
    static RecentBlocks recent(true);
    static lists::Library library;
    static const bool ready = [] {
        RulesetCompiler compiler(Taxonomy::shipped(), HashKey{1, 2});
        library.ruleset = *Ruleset::open(image_in_memory(*compiler.finish(0)), Taxonomy::shipped());
        policy.publish(build_policy({}, library.ruleset));
        return true;
    }();
    static control::Household household{people,
                                        policy,
                                        counters,
                                        recent,
                                        []() -> const lists::Library& { return library; },
                                        [] {
                                            policy.publish(build_policy(*people.all(), library.ruleset));
                                            return Status(Done{});
                                        },
                                        "dns",
                                        "proxy",
                                        {}};
    if (!ready) return 0;
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const auto answer = control::dispatch(household, {ctl::Role::guardian, "fuzz", {}}, line);
    if (answer && (answer->find('\n') != std::string::npos || !nlohmann::json::accept(*answer))) std::abort();
    Configuration configuration;
    (void)apply_config_text(configuration, std::string(line), "fuzz");
    return 0;
}
