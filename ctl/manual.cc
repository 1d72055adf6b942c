#include "ctl/manual.h"

#include "ctl/commands.h"

namespace hort::ctl {
namespace {

// No text of ours begins a macro or an escape.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if (out.empty() && (c == '.' || c == '\''))
            out += "\\&" + std::string(1, c);
        else
            out += c;
    }
    return out;
}

}  // namespace

std::string manual_page() {
    std::string out =
        ".TH HORTCTL 1 \"\" Hort \"Hort\"\n"
        ".SH NAME\nhortctl \\- sets and explains the rules of hortd, the child\\-protection daemon\n"
        ".SH SYNOPSIS\n.B hortctl\n[\\fB\\-\\-data\\fR \\fIDIR\\fR] [\\fB\\-\\-json\\fR] [\\fB\\-\\-pin\\fR] "
        "\\fICOMMAND\\fR ...\n"
        ".SH DESCRIPTION\nTalks to the daemon over its local socket. What a command changed is durable, and in force, "
        "when\n"
        "it returns.\n"
        ".SH OPTIONS\n"
        ".TP\n\\fB\\-\\-data\\fR \\fIDIR\\fR\nTalk to the daemon that runs with this data folder.\n"
        ".TP\n\\fB\\-\\-json\\fR\nPrint the answer as JSON.\n"
        ".TP\n\\fB\\-\\-pin\\fR\nAsk for the guardian's PIN, which lets this one command through.\n"
        ".SH COMMANDS\n";
    for (const auto& command : all_commands()) {
        out += ".TP\n.B " + escaped(command.usage().substr(8)) + "\n" + escaped(command.help) + "\n";
        for (const auto& parameter : command.parameters) {
            const auto name = parameter.is_option ? "--" + std::string(parameter.name) : std::string(parameter.name);
            out += ".br\n\\fI" + escaped(name) + "\\fR: " + escaped(parameter.help) + "\n";
        }
        out += ".br\nExample: " + escaped(command.example) + "\n";
    }
    out +=
        ".SH EXIT STATUS\n0 done, 1 refused, 2 wrong usage, 3 the daemon is not reachable.\n"
        ".SH SEE ALSO\nhortd \\-\\-help\n";
    return out;
}

}  // namespace hort::ctl
