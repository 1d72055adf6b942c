// `hortctl rules match`: what lists say of hosts, without a daemon.
#pragma once

#include <cstdio>
#include <nlohmann/json.hpp>

#include "rules/result.h"

namespace hort::ctl {

// `params` as checked by the command table. Writes one line a host to `out`; what is wrong with a list or a host goes
// to `faults` and does not end the work. Fails when a list cannot be read or an option is no option.
Status rules_match(const nlohmann::json& params, bool is_json, std::FILE* in, std::FILE* out, std::FILE* faults);

}  // namespace hort::ctl
