#include "ctl/completion.h"

#include <algorithm>
#include <optional>

#include "ctl/commands.h"
#include "rules/category.h"
#include "rules/list_reader.h"
#include "rules/service.h"

namespace hort::ctl {
namespace {

using T = ParameterType;

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        out.emplace_back(text.substr(0, text.find(' ')));
        text.remove_prefix(std::min(text.size(), out.back().size() + 1));
    }
    return out;
}

std::vector<std::string> values_of(const Parameter& parameter, const std::vector<std::string>& children) {
    std::vector<std::string> out;
    const auto put_categories = [&] {
        for (const auto& entry : Taxonomy::shipped().entries()) out.push_back(entry.id);
    };
    switch (parameter.type) {
        case T::person:
            return children;
        case T::category:
            put_categories();
            return out;
        case T::subject:
        case T::rule:
            put_categories();
            for (const auto& service : Services::shipped().all()) out.push_back(service.id);
            return out;
        case T::choice: {
            auto left = parameter.choices;
            while (!left.empty()) {
                out.emplace_back(left.substr(0, left.find('|')));
                left.remove_prefix(std::min(left.size(), out.back().size() + 1));
            }
            return out;
        }
        case T::target:
            for (const auto& service : Services::shipped().all()) out.push_back(service.id);
            return out;
        case T::weekdays:
            return {"daily", "weekdays", "weekends", "mon-fri", "mon", "tue", "wed", "thu", "fri", "sat", "sun"};
        case T::amount:
            return {"30m", "1h", "1h30", "2h", "none", "all"};
        case T::days:
            return {"daily", "weekdays", "weekends", "mon-fri", "mon", "tue", "wed", "thu", "fri", "sat", "sun"};
        case T::windows:
            return {"all", "none"};
        case T::duration:
            return {"15m", "30m", "1h", "2h"};
        default:
            if (parameter.name == "format")
                for (const auto name : list_format_names()) out.emplace_back(name);
            if (parameter.name == "scope") return {"exact", "subtree"};
            if (parameter.name == "shell") return {"bash", "zsh", "fish"};
            return out;
    }
}

const Parameter* option_of(const Command& command, std::string_view word) {
    for (const auto& parameter : command.parameters)
        if (parameter.is_option && word == "--" + std::string(parameter.name)) return &parameter;
    return nullptr;
}

// The parameter that the last word is the value of; the words before it are those behind the command's name.
const Parameter* parameter_at(const Command& command, const std::vector<std::string>& before) {
    std::size_t taken = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (!before[i].starts_with("--")) {
            ++taken;
            continue;
        }
        const auto* option = option_of(command, before[i]);
        if (option == nullptr || option->type == T::flag) continue;
        if (i + 1 == before.size()) return option;
        ++i;
    }
    for (const auto& parameter : command.parameters) {
        if (parameter.is_option) continue;
        if (taken == 0 || parameter.is_repeated) return &parameter;
        --taken;
    }
    return nullptr;
}

}  // namespace

std::vector<std::string> complete(const std::vector<std::string>& given, const std::vector<std::string>& children) {
    if (given.empty()) return {};
    std::vector<std::string> before(given.begin(), given.end() - 1);
    const auto& last = given.back();
    // What stands before the command changes nothing.
    for (std::size_t i = 0; i < before.size();) {
        if (before[i] == "--json") {
            before.erase(before.begin() + static_cast<std::ptrdiff_t>(i));
        } else if (before[i] == "--data") {
            const auto end = std::min(before.size(), i + 2);
            before.erase(before.begin() + static_cast<std::ptrdiff_t>(i),
                         before.begin() + static_cast<std::ptrdiff_t>(end));
        } else {
            ++i;
        }
    }
    std::vector<std::string> out;
    const auto offer = [&](const std::string& word) {
        if (word.starts_with(last) && std::find(out.begin(), out.end(), word) == out.end()) out.push_back(word);
    };
    if (before.empty()) offer("help");
    const Command* command = nullptr;
    std::size_t used = 0;
    for (const auto& candidate : all_commands()) {
        const auto words = split(candidate.name);
        const auto common =
            std::mismatch(words.begin(), words.end(), before.begin(), before.end()).first - words.begin();
        const auto same = static_cast<std::size_t>(common);
        if (same == before.size() && same < words.size()) offer(words[same]);
        if (same == words.size() && same > used) command = &candidate, used = same;
    }
    if (command == nullptr) return out;
    before.erase(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(used));
    const auto* parameter = parameter_at(*command, before);
    if (parameter != nullptr && !last.starts_with("-"))
        for (const auto& value : values_of(*parameter, children)) offer(value);
    if (parameter == nullptr || !parameter->is_option)
        for (const auto& option : command->parameters)
            if (option.is_option && (last.starts_with("-") || parameter == nullptr))
                offer("--" + std::string(option.name));
    return out;
}

Result<std::string> completion_script(std::string_view shell) {
    // The shell's own completion of files where hortctl has nothing to offer.
    if (shell == "bash")
        return std::string(R"(_hortctl() {
    local IFS=$'\n'
    COMPREPLY=($(hortctl --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _hortctl hortctl
)");
    if (shell == "zsh")
        return std::string(R"(#compdef hortctl
_hortctl() {
    local -a found
    found=("${(@f)$(hortctl --complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "$found" ]]; then compadd -- $found; else _files; fi
}
compdef _hortctl hortctl
)");
    if (shell == "fish")
        return std::string(
            R"(complete -c hortctl -a '(hortctl --complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
)");
    return Error{"no script for this shell", std::string(shell.substr(0, 40)), "expected bash, zsh or fish"};
}

}  // namespace hort::ctl
