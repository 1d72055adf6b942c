// A regular expression of a list, searched in host names. RE2 syntax: the time is linear in the name, the memory
// bounded.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "rules/result.h"

namespace hort {

class Expression {
  public:
    virtual ~Expression() = default;
    virtual bool is_found_in(std::string_view text) const = 0;  // any thread

    // Letters match in either case. Fails with what is wrong, and where expressions are not available.
    static Result<std::unique_ptr<Expression>> compile(const std::string& text);
};

}  // namespace hort
