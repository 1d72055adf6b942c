// Result<T>: a value, or an Error that says what is wrong, where, and what was expected.
//
// Used at every boundary where input can be wrong. Exceptions are for broken invariants and exhausted
// resources only.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace hort {

struct Error {
    std::string what;   // what is wrong, as a sentence fragment: "label is longer than 63 octets"
    std::string where;  // the place: a name, "file:line:column"; may be empty
    std::string hint;   // what was expected or what to do next; may be empty

    // "where: what (hint)" on one line.
    std::string text() const {
        std::string out = where.empty() ? what : where + ": " + what;
        if (!hint.empty()) out += " (" + hint + ")";
        return out;
    }
};

template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit on purpose

    explicit operator bool() const { return state_.index() == 0; }
    // REQUIRES: holds a value.
    T& operator*() & { return std::get<0>(state_); }
    const T& operator*() const& { return std::get<0>(state_); }
    // By value: `for (auto& x : *read())` and `auto& x = *read()` keep what they name alive.
    T operator*() && { return std::get<0>(std::move(state_)); }
    T* operator->() { return &std::get<0>(state_); }
    const T* operator->() const { return &std::get<0>(state_); }
    // REQUIRES: holds an error.
    const Error& error() const { return std::get<1>(state_); }

  private:
    std::variant<T, Error> state_;
};

struct Done {};
using Status = Result<Done>;

}  // namespace hort
