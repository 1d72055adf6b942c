// The household as one JSON document, to move it to another machine, and for whoever wants to know what is kept. Its
// shape is described in ctl/EXPORT.md.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "daemon/store/audit.h"

namespace hort::store {

// With a name: what is kept about that person, the times of use and the requests included.
Result<nlohmann::json> export_household(Database& database, const std::string& name);

// All or nothing. Refused where there are people already, unless they are to be replaced. Returns what was done, for
// people to read; the error's place is a path within the document.
Result<std::string> import_household(Database& database, const nlohmann::json& document, bool replaces, const By& by);

}  // namespace hort::store
