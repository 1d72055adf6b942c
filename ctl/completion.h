// Completion for shells, from the command table: `hortctl completion bash` prints a script that calls
// `hortctl --complete WORD...`, which prints what the last word may become.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

namespace hort::ctl {

// What the last of `words` may become, in order; the words before it are complete. `children` are the names of people,
// as far as the caller may know them.
std::vector<std::string> complete(const std::vector<std::string>& words, const std::vector<std::string>& children);

// The script for bash, zsh or fish; the error names them.
Result<std::string> completion_script(std::string_view shell);

}  // namespace hort::ctl
