// Reads a data file that ships with Hort.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace hort::data {

// What `parse` (text -> Result) makes of it. One that is wrong is a mistake of the build: throws std::logic_error.
template <typename Parse>
auto read_shipped(std::string_view file, std::string_view text, Parse parse) {
    auto parsed = parse(text);
    if (!parsed) throw std::logic_error("rules/data/" + std::string(file) + ": " + parsed.error().text());
    return *std::move(parsed);
}

}  // namespace hort::data
