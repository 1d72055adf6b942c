// List intake: one published list with what it includes, read, guarded, and handed on entry by entry.
//
// Both `hortctl rules match` and the compiler take lists through here, so that they agree on what a list says.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "rules/category.h"
#include "rules/compiler.h"
#include "rules/list_reader.h"

namespace hort {

struct ListSource {
    std::string name;  // the file, as people know it
    ListFormat format = ListFormat::domains;
    std::optional<Category> category = {};
    std::optional<Scope> scope = {};  // instead of what the format says of plain names
};

// The content of the list that a v2fly list includes; nullopt when there is none.
using ListIncluder = std::function<std::optional<std::string>(const std::string& name)>;

struct IntakeSinks {
    // A list begins: the given one, then each that it includes. What follows is from there.
    std::function<void(const std::string& name, const std::string& content)> begin;
    std::function<void(const Hostname& host, Scope scope, std::uint32_t line)> name;
    // An error means that the rule is refused.
    std::function<Status(const ListRule& rule, std::uint32_t line)> rule;
    // "file:line: what": an entry that was narrowed or left out. Optional.
    std::function<void(std::string)> warning = {};
};

ListReport take_list(const ListSource& source, const std::string& content, const ListIncluder& include,
                     const IntakeSinks& sinks);

// Takes a list into a ruleset. A list without a category is an allow-list: its plain names are exceptions for every
// category.
ListReport compile_list(RulesetCompiler& compiler, const ListSource& source, const std::string& content,
                        const ListIncluder& include, std::vector<std::string>& warnings);

}  // namespace hort
