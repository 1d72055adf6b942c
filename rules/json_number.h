// Numbers of JSON (RFC 8259) and CBOR (RFC 8949) from strangers: the library cuts what does not fit, and turns
// fractions that no integer holds into anything.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

namespace hort {

// A whole number that fits. Throws as nlohmann::json does where it is none.
template <typename Number>
Number whole_number(const nlohmann::json& value) {
    if (value.is_number_unsigned()) {
        if (const auto wide = value.get<std::uint64_t>(); std::in_range<Number>(wide)) return static_cast<Number>(wide);
    } else if (value.is_number_integer()) {
        if (const auto wide = value.get<std::int64_t>(); std::in_range<Number>(wide)) return static_cast<Number>(wide);
    }
    throw nlohmann::json::other_error::create(501, "a whole number is missing, or does not fit", &value);
}

}  // namespace hort
