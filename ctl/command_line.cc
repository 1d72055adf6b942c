#include "ctl/command_line.h"

#include <algorithm>
#include <charconv>

#include "rules/nearest.h"

namespace hort::ctl {
namespace {

// The command whose words stand at the beginning of `words`; the longest wins.
const Command* match_command(const std::vector<std::string>& words, std::size_t& used) {
    const Command* best = nullptr;
    used = 0;
    for (const auto& command : all_commands()) {
        std::string_view rest = command.name;
        std::size_t count = 0;
        while (!rest.empty() && count < words.size()) {
            const auto word = rest.substr(0, rest.find(' '));
            if (words[count] != word) break;
            rest.remove_prefix(std::min(rest.size(), word.size() + 1));
            ++count;
        }
        if (rest.empty() && count > used) best = &command, used = count;
    }
    return best;
}

nlohmann::json typed(const Parameter& parameter, const std::string& text) {
    const auto type = parameter.type;
    if (type != ParameterType::age && type != ParameterType::count && type != ParameterType::number) return text;
    int value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc() || end != text.data() + text.size()) return text;  // the check names what is wrong
    return value;
}

// No option is a flag of one command and has a value in another; a test checks it.
bool is_flag(std::string_view name) {
    for (const auto& command : all_commands())
        for (const auto& parameter : command.parameters)
            if (parameter.type == ParameterType::flag && parameter.name == name) return true;
    return false;
}

Error unknown_command(const std::vector<std::string>& words) {
    std::vector<std::string_view> names;
    std::string group;
    for (const auto& command : all_commands()) {
        names.push_back(command.name);
        if (command.name.starts_with(words[0] + " ")) group += (group.empty() ? "" : ", ") + std::string(command.name);
    }
    if (!group.empty()) return Error{"incomplete command", words[0], "one of: " + group};
    const auto near = nearest(words.size() > 1 ? words[0] + " " + words[1] : words[0], names);
    const auto near_first = nearest(words[0], names);
    const auto best = near_first.empty() ? near : near_first;
    return Error{"no such command", words[0],
                 best.empty() ? "'hortctl help' lists the commands" : "did you mean '" + std::string(best) + "'?"};
}

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments) {
    CommandLine out;
    std::vector<std::string> words;
    struct Option {
        std::string name, value;
        bool has_value;
    };
    std::vector<Option> options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto argument = arguments[i] == "-o" ? std::string("--output") : arguments[i];
        if (!argument.starts_with("--") && argument != "-h") {
            words.push_back(argument);
            continue;
        }
        if (argument == "--json")
            out.is_json = true;
        else if (argument == "--pin" || argument.starts_with("--pin="))
            out.pin = argument.size() > 6 ? argument.substr(6) : std::string();
        else if (argument == "--help" || argument == "-h")
            out.is_help = true;
        else {
            const auto equals = argument.find('=');
            Option option{argument.substr(2, equals == std::string::npos ? equals : equals - 2), {}, true};
            if (equals != std::string::npos)
                option.value = argument.substr(equals + 1);
            else if (is_flag(option.name))
                option.value = "true";
            else if (i + 1 < arguments.size())
                option.value = arguments[++i];
            else
                option.has_value = false;
            if (!option.has_value) return Error{"needs a value", argument, "for example " + argument + " VALUE"};
            if (option.name == "data")
                out.data = option.value;
            else
                options.push_back(option);
        }
    }
    if (words.empty() || words[0] == "help" || out.is_help) {
        out.is_help = true;
        for (std::size_t i = !words.empty() && words[0] == "help" ? 1 : 0; i < words.size(); ++i)
            out.help_on += (out.help_on.empty() ? "" : " ") + words[i];
        return out;
    }
    std::size_t at = 0;
    out.command = match_command(words, at);
    if (out.command == nullptr) return unknown_command(words);

    auto params = nlohmann::json::object();
    for (const auto& parameter : out.command->parameters)
        if (!parameter.is_option && at < words.size()) {
            auto& slot = params[std::string(parameter.name)];
            if (!parameter.is_repeated) slot = typed(parameter, words[at++]);
            while (parameter.is_repeated && at < words.size()) slot.push_back(typed(parameter, words[at++]));
        }
    if (at < words.size()) return Error{"one word too many", words[at], "usage: " + out.command->usage()};
    for (const auto& option : options) {
        const auto& parameters = out.command->parameters;
        const auto it = std::find_if(parameters.begin(), parameters.end(),
                                     [&](const Parameter& p) { return p.is_option && p.name == option.name; });
        if (it == parameters.end())
            return Error{"no such option", "--" + option.name, "usage: " + out.command->usage()};
        auto& slot = params[option.name];
        if (it->type == ParameterType::flag)
            slot = option.value == "true" ? nlohmann::json(true) : nlohmann::json(option.value);
        else if (it->is_repeated)
            slot.push_back(typed(*it, option.value));
        else if (!slot.is_null())
            return Error{"given twice", "--" + option.name, {}};
        else
            slot = typed(*it, option.value);
    }
    auto checked = check_parameters(*out.command, params);
    if (!checked) return checked.error();
    out.params = *std::move(checked);
    return out;
}

}  // namespace hort::ctl
