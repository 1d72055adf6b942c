// The enumerator that has a name, by the table of names in the order of the enumeration.
#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

namespace hort {

template <typename Enumeration, std::size_t count>
std::optional<Enumeration> enumerator_named(std::string_view name, const std::string_view (&names)[count]) {
    const auto found = std::find(std::begin(names), std::end(names), name);
    if (found == std::end(names)) return std::nullopt;
    return static_cast<Enumeration>(found - std::begin(names));
}

}  // namespace hort
