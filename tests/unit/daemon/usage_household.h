// A household of three for tests of usage: people with budgets, a few sites in lists, and a ledger in memory.
#pragma once

#include <memory>

#include "daemon/store/ledger.h"
#include "daemon/usage/meter.h"
#include "rules/compiler.h"
#include "rules/decision.h"
#include "rules/rule_file_policy.h"

namespace hort {

inline Hostname host(const char* name) { return *Hostname::parse(name); }

struct UsageHousehold {
    UsageHousehold() {
        RulesetCompiler compiler(Taxonomy::shipped(), HashKey{1, 2});
        compiler.add(host("game.example"), Scope::subtree, *Taxonomy::shipped().find("games"));
        compiler.add(host("film.example"), Scope::subtree, *Taxonomy::shipped().find("streaming"));
        compiler.add(host("tracker.example"), Scope::subtree, *Taxonomy::shipped().find("ads_tracking"));
        policy = std::make_shared<Policy>(
            policy_of_nobody(*Ruleset::open(image_in_memory(*compiler.finish(1)), Taxonomy::shipped())));
        (void)*database->run("DELETE FROM people");  // the profile of unknown devices
        for (const char* name : {"mia", "tom", "leo"}) {
            const auto id = static_cast<std::int64_t>(policy->people.size() + 1);
            Person person{id, name, Profile::of_tier(name, Tier::age_12_15, Taxonomy::shipped()), {}, {}, {}};
            person.profile.blocked = {};
            policy->people.push_back(std::move(person));
            (void)*database->run("INSERT INTO people (id, name, tier) VALUES (?, ?, '12-15')", {id, name});
        }
    }

    Budget& add_budget(std::size_t person, const std::string& key, std::int64_t seconds,
                       Budget::Period period = Budget::Period::day) {
        Budget budget;
        budget.key = key;
        budget.period = period;
        budget.seconds.fill(seconds);
        if (key == store::device_key)
            budget.scope.is_device = true;
        else if (const auto category = Taxonomy::shipped().find(key))
            budget.scope.categories = CategorySet::of(*category);
        else
            budget.scope.sites = {host(key.c_str())};
        policy->people[person].profile.budgets.push_back(budget);
        return policy->people[person].profile.budgets.back();
    }

    std::unique_ptr<store::Database> database = *store::Database::open(":memory:");
    store::Ledger ledger{*database};
    std::shared_ptr<Policy> policy;
};

}  // namespace hort
