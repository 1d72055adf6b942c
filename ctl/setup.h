// `hortctl setup`: a short dialogue for the first child, that ends with the filter in force.
#pragma once

#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "rules/result.h"

namespace hort::ctl {

// Calls a method of the daemon.
using Call = std::function<Result<nlohmann::json>(const std::string& method, const nlohmann::json& params)>;

struct SetupOutcome {
    std::string child;
    bool wants_lists = false;  // subscribe to the recommended lists now
};

// Asks on `out`, reads from `in`. Nothing is changed before the last question is answered; an end of the input is a no.
// A wrong answer is asked again, with what was expected.
Result<SetupOutcome> run_setup(std::FILE* in, std::FILE* out, const Call& call);

}  // namespace hort::ctl
