#include "ctl/help.h"

#include <vector>

#include "ctl/commands.h"

namespace hort::ctl {

std::string help_text(std::string_view prefix) {
    std::vector<const Command*> chosen;
    for (const auto& command : all_commands())
        if (command.name.substr(0, prefix.size()) == prefix) chosen.push_back(&command);
    if (chosen.empty()) return {};
    std::string out;
    if (prefix.empty()) {
        out =
            "hortctl: talks to hortd, the child-protection daemon of this machine\n\nUsage: hortctl [--data DIR] "
            "[--json] [--pin] COMMAND ...\n\n";
        std::vector<std::vector<std::string>> rows;
        for (const auto* command : chosen)
            rows.push_back({"  " + command->usage().substr(8), std::string(command->help)});
        // Long usages stand on lines of their own, so that the others stay readable.
        for (auto& row : rows)
            if (row[0].size() > 34)
                out += row[0] + "\n" + std::string(36, ' ') + row[1] + "\n";
            else
                out += row[0] + std::string(36 - row[0].size(), ' ') + row[1] + "\n";
        out +=
            "\n  help [COMMAND]                    Show a command with its parameters.\n\n"
            "  --data DIR   talk to the daemon that runs with this data folder\n"
            "  --json       print the answer as JSON\n"
            "  --pin        ask for the guardian's PIN, which lets this one command through\n\n"
            "Exit status: 0 done, 1 refused, 2 wrong usage, 3 the daemon is not reachable.\n";
        return out;
    }
    for (const auto* command : chosen) {
        out += command->usage() + "\n  " + std::string(command->help) + "\n";
        for (const auto& parameter : command->parameters) {
            const auto name = parameter.is_option ? "--" + std::string(parameter.name) : std::string(parameter.name);
            out += "    " + name + std::string(name.size() < 12 ? 12 - name.size() : 1, ' ') +
                   std::string(parameter.help) + "\n";
        }
        out += "  Example: " + std::string(command->example) + "\n\n";
    }
    out.pop_back();
    return out;
}

}  // namespace hort::ctl
