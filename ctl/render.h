// Results of commands as text for people.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace hort::ctl {

// What `command` (its table name) answered, ended by a line feed.
// `has_colour`: for a terminal.
std::string render(std::string_view command, const nlohmann::json& result, bool has_colour = false);

}  // namespace hort::ctl
