// The guard of list entries: keeps one careless entry of a published list from blocking a country, a hosting platform,
// an institution, or what people need.
//
// - A public suffix of the registries is taken as that exact name.
// - A suffix of a platform (github.io) likewise, except in the categories that are made of them.
// - The own site of an institution below a restricted registry (edu, gov, ac.uk, gob.mx, nhs.uk, ...) is not taken at
//   all: such entries are mistakes or incidents of a day. Names below it (proxy.cs.example.edu) are.
// What the essential allow-list holds is not the guard's business: see essential_allow.h.
#pragma once

#include <optional>
#include <string>

#include "rules/category.h"
#include "rules/ruleset.h"

namespace hort {

struct Guarded {
    std::optional<Scope> scope;  // empty: the entry is not taken
    std::string_view why;        // empty: taken as it is
};

// `category`: the list's; empty for a list of none.
Guarded guard(const Hostname& host, Scope scope, std::optional<Category> category);

}  // namespace hort
