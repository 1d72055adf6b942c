// This program itself, and where others may lie.
#pragma once

#include <string>

namespace hort::platform {

// The path of its executable file; empty when the system does not say.
std::string own_program();

// Is it a folder from which the system starts programs (one that is not mounted with noexec)?
bool runs_programs(const std::string& folder);

}  // namespace hort::platform
