// Results of commands as text for people.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace hort::ctl {

// What `command` (its table name) answered, ended by a line feed.
// `has_colour`: for a terminal.
std::string render(std::string_view command, const nlohmann::json& result, bool has_colour = false);
// The help of all commands, or of the ones whose names begin with `prefix`. Empty when there is none.
std::string help_text(std::string_view prefix);

}  // namespace hort::ctl
