// hortctl's command line, parsed by the command table.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ctl/commands.h"

namespace hort::ctl {

struct CommandLine {
    std::string data;  // --data; empty: the installed service
    bool is_json = false;
    std::optional<std::string> pin;  // --pin; empty: it is to be asked for
    bool is_help = false;
    std::string help_on;                               // with is_help: the beginning of a command's name
    const Command* command = nullptr;                  // without is_help
    nlohmann::json params = nlohmann::json::object();  // checked
};

// The error says what is wrong and how it is meant.
Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments);

}  // namespace hort::ctl
