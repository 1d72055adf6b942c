// A line on the control socket, as a guardian, before an empty household; and a configuration file.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "daemon/configuration.h"
#include "daemon/control/dispatch.h"
#include "daemon/policy_builder.h"
#include "daemon/store/local_records.h"
#include "rules/compiler.h"

using namespace hort;

// No lists but an empty ruleset, and none to be had.
class NoLists final : public lists::Keeper {
  public:
    NoLists() {
        RulesetCompiler compiler(Taxonomy::shipped(), HashKey{1, 2});
        library_.ruleset = *Ruleset::open(image_in_memory(*compiler.finish(0)), Taxonomy::shipped());
    }
    Status load() override { return Done{}; }
    void start_updates() override {}
    const lists::Library& library() const override { return library_; }
    const std::vector<RuleFile>& rule_files() const override { return rule_files_; }
    void reload(std::function<void(Status)> done) override { done(Done{}); }
    Status update(std::vector<std::int64_t>) override { return Done{}; }
    lists::UpdateProgress progress() const override { return {}; }
    void install(ReadBundle, const store::By&, bool,
                 std::function<void(Result<lists::InstalledBundle>)> done) override {
        done(Error{"no bundle", {}, {}});
    }

  private:
    lists::Library library_;
    std::vector<RuleFile> rule_files_;
};

// Nobody counts; what is put in force is in force.
class NoTimekeeper final : public usage::Timekeeper {
  public:
    explicit NoTimekeeper(PolicyInForce& policy) : policy_(policy) {}
    void put_in_force(std::shared_ptr<Policy> policy) override { policy_.publish(std::move(policy)); }
    void catch_up() override {}
    void flush() override {}
    Day today() const override { return 20000; }
    std::string session_problem() const override { return "none"; }
    std::set<std::int64_t> in_use() const override { return {}; }
    std::string title_of_application(const std::string& name) override { return name; }
    void passed(std::int64_t, const Hostname&, bool) override {}

  private:
    PolicyInForce& policy_;
};

class NoDns final : public DnsFront {
  public:
    std::vector<UpstreamState> upstreams() const override { return {}; }
    CacheState cache_state() const override { return {}; }
    std::size_t flush(std::string_view) override { return 0; }
};

class NoInterception final : public Interception {
  public:
    Result<AuthorityState> authority() const override { return Error{"there is no key", {}, {}}; }
    Result<AuthorityState> make_authority(bool) override { return AuthorityState{"pem", "AB:CD", "authority.pem"}; }
    std::vector<std::string> left_alone() const override { return {"a.test"}; }
};

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static auto database = *store::Database::open(":memory:");
    static store::People people(*database);
    static store::Hours hours(*database);
    static store::Grants grants(*database);
    static store::Budgets budgets(*database);
    static PolicyInForce policy;
    static Counters counters;
    static store::ActivityRecords activity(*database);
    static const auto no_activity = [] {};
    static store::ListRecords records(*database);
    static NoLists keeper;
    static const auto publish = [] {
        policy.publish(
            build_policy(*HouseholdRecords::read(people, hours, grants, budgets), {}, keeper.library().ruleset));
        return Status(Done{});
    };
    static const bool ready = bool(publish());
    static store::Ledger ledger(*database);
    static NoTimekeeper timekeeper(policy);
    static const auto no_pin = [](const std::string&, const std::string&, const std::function<void(Status)>& done) {
        done(Error{"that is not the PIN", {}, {}});
    };
    static const auto no_firewall = [] {
        return std::optional(EnforcementState{.is_there = true,
                                              .accounts = 2,
                                              .closed = 1,
                                              .fails_closed = false,
                                              .programs = 5,
                                              .copies = 1,
                                              .interfaces = {"br0"},
                                              .devices = 3,
                                              .holds_others = true});
    };
    static const auto no_salt = [] { return std::string("0123456789abcdef"); };
    static store::LocalRecords local_records(*database);
    static NoDns no_dns;
    static NoInterception no_interception;
    static const auto no_names = [] { return Status(Done{}); };
    static control::Household household{*database,   people,  hours,         grants,   budgets,  ledger,
                                        timekeeper,  records, keeper,        policy,   counters, activity,
                                        no_activity, publish, local_records, no_names, no_dns,   no_interception,
                                        no_pin,      no_salt, no_firewall,   "dns",    "proxy"};
    if (!ready) return 0;
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    std::optional<std::string> answer;
    control::dispatch(household, {ctl::Role::guardian, "fuzz", {}}, line,
                      [&](std::optional<std::string> text) { answer = std::move(text); });
    if (answer && (answer->find('\n') != std::string::npos || !nlohmann::json::accept(*answer))) std::abort();
    Configuration configuration;
    (void)apply_config_text(configuration, std::string(line), "fuzz");
    return 0;
}
