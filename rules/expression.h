// Regular expressions of lists, searched in host names and URLs. RE2 syntax: the time is linear in the text, the
// memory bounded. Letters match in either case.
// Source: https://github.com/google/re2/wiki/Syntax
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

namespace hort {

// Many expressions, searched for at once.
class ExpressionSet {
  public:
    virtual ~ExpressionSet() = default;

    // Whether this system has regular expressions at all.
    static bool is_available();
    // Fails with what is wrong: not RE2 syntax, or a program so large that it would be slow.
    static Status check(const std::string& text);

    // The numbers of the expressions that are found in `text`, appended to `found` in no order. Any thread.
    virtual void search(std::string_view text, std::vector<std::uint32_t>& found) const = 0;

    // REQUIRES: check() accepted every one. Numbers count from 0 in this order.
    static std::unique_ptr<ExpressionSet> compile(const std::vector<std::string>& texts);
};

}  // namespace hort
