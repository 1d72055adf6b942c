// The one table of commands: name, parameters with types, role, help, example.
//
// The daemon dispatches and checks from it; hortctl parses, prints help and completes from it; tests walk it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "rules/result.h"

namespace hort::ctl {

// Who may call a command, told by the OS identity of the caller.
enum class Role : std::uint8_t {
    anyone,    // version
    child,     // about oneself; guardians about everyone
    guardian,  // root, members of the group "hort", and the account that the daemon runs as
};

enum class ParameterType : std::uint8_t {
    person,    // the name of a child
    new_name,  // a name that does not exist yet: letters, digits, '-', '_', at most 32
    site,      // a host name, or a URL whose host is meant
    rule,      // a subject, or what a web rule holds for (web_rule.h)
    subject,   // a site, the id of a service or the id of a category
    age,       // years, 0 to 120
    account,   // an OS account
    device,    // an address, a network, a hardware address or a client id
    count,     // 1 to 1000
    list,      // [CATEGORY=]PATH[:FORMAT][:exact|:subtree]
    text,      // anything; the command says more
    flag,      // an option without a value: true when it is given
    category,  // the id of a category
    number,    // a whole number of at least 1
    duration,  // "30m", "1h30"; comes out as seconds
    days,      // "mon-fri", "weekends", "2026-12-24", "2026-12-23..2027-01-06"
    windows,   // "15:00-19:30,20:00-21:00", "none", "all"
    when,      // "sat 20:15", "2026-03-29 02:30", "20:15"
    weekdays,  // "mon-fri", "weekends"
    amount,    // of a budget: "1h30", "none", "all"; comes out as seconds
    date,      // "2015-06-12"
    choice,    // one of the parameter's `choices`
    target,    // a site, the id of a service, or the file name of a program
};

struct Parameter {
    std::string_view name;
    ParameterType type;
    bool is_option;    // given as --name VALUE, and may be left out; otherwise it stands in its place and is required
    bool is_repeated;  // may be given several times, as an option or as the last words; its value is an array
    std::string_view help;
    bool is_optional = false;       // stands in its place, and may be left out
    std::string_view choices = {};  // of a choice: "day|week|month"
};

struct Command {
    std::string_view name;  // "child add"; the JSON-RPC method is "child.add"
    Role role;
    std::span<const Parameter> parameters;
    std::string_view help;  // one line
    std::string_view example;
    bool is_local = false;  // done by hortctl itself, without a daemon

    std::string method() const;
    std::string usage() const;  // "hortctl child add NAME [--age AGE]"
};

std::span<const Command> all_commands();
// By JSON-RPC method; nullptr when there is none. Local commands are no methods.
const Command* find_method(std::string_view method);

// Checks `params` against the table: unknown, missing and ill-typed ones. The error names the parameter, what was
// given, what is expected, and an example. Sites come out as host names.
Result<nlohmann::json> check_parameters(const Command& command, const nlohmann::json& params);

}  // namespace hort::ctl
