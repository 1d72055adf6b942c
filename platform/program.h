// This program itself, and where others may lie.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace hort::platform {

// The path of its executable file; empty when the system does not say.
std::string own_program();

// Is it a folder from which the system starts programs (one that is not mounted with noexec)?
bool runs_programs(const std::string& folder);

// What a path leads to; nothing: nowhere. A link in a folder of somebody's own leads to what is his: what is found is
// held for all whom a rule is about, and what everybody needs is nobody's to put among that.
std::optional<std::filesystem::path> file_of_program(const std::filesystem::path& path);

}  // namespace hort::platform
