// The commands that hortctl does by itself, with files.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "rules/result.h"

namespace hort::ctl {

// REQUIRES: `command` is a local one of the table, `params` as checked by it.
Status run_local(std::string_view command, const nlohmann::json& params, bool is_json);

// What a command to the daemon takes from files of the caller: a key is read, a path made absolute.
Result<nlohmann::json> with_local_files(std::string_view command, nlohmann::json params);

// The file that goes open with a command; empty: none. REQUIRES: `params` as with_local_files() gave them.
std::string file_of(std::string_view command, const nlohmann::json& params);

}  // namespace hort::ctl
