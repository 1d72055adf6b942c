// Where there is no RE2 (the Windows cross build): rules with expressions are refused with this reason.
#include <stdexcept>

#include "rules/expression.h"

namespace hort {

bool ExpressionSet::is_available() { return false; }

Status ExpressionSet::check(const std::string& text) {
    return Error{"regular expressions are not available on this system", text.substr(0, 60), ""};
}

std::unique_ptr<ExpressionSet> ExpressionSet::compile(const std::vector<std::string>&) {
    throw std::logic_error("regular expressions are not available");
}

}  // namespace hort
