// `hortctl rules check|test|compile|keygen|sign|verify`: a school's work on its rule file, without a daemon.
#pragma once

#include <cstdio>
#include <nlohmann/json.hpp>

#include "rules/result.h"

namespace hort::ctl {

// Each takes the checked parameters of its command, prints to `out`, and fails with the reason to refuse. Problems of a
// rule file are printed, each on a line "file:line:column: what (hint)".
Status rules_check(const nlohmann::json& params, bool is_json, std::FILE* out);
Status rules_test(const nlohmann::json& params, bool is_json, std::FILE* out);
Status rules_compile(const nlohmann::json& params, bool is_json, std::FILE* out);
Status rules_keygen(const nlohmann::json& params, bool is_json, std::FILE* out);
Status rules_sign(const nlohmann::json& params, bool is_json, std::FILE* out);
Status rules_verify(const nlohmann::json& params, bool is_json, std::FILE* out);

}  // namespace hort::ctl
