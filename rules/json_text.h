// JSON with comments (RFC 8259, plus // and /* */), read into a tree that knows where each value stands, so that a
// mistake in a file that a person wrote is named with its line and column.
//
// For configuration and rule files; not for protocols.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

namespace hort {

struct JsonNode {
    enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
    struct Member;

    Kind kind = Kind::null;
    int line = 1, column = 1;  // of its first octet, counted from 1; columns in octets
    bool boolean = false;
    double number = 0;
    bool is_integer = false;
    std::int64_t integer = 0;
    std::string text;
    std::vector<JsonNode> items;
    std::vector<Member> members;  // of an object, in their order

    // nullptr when there is none.
    const JsonNode* find(std::string_view key) const;
    bool is(Kind wanted) const { return kind == wanted; }
};

struct JsonNode::Member {
    std::string key;
    int line = 1, column = 1;  // of the key
    JsonNode value;
};

std::string_view name_of(JsonNode::Kind kind);  // "a string", "an object", ...

// `name` is the file, for messages. The error's `where` is "name:line:column". Refused: what is not JSON, a key that
// stands twice in one object, more than 64 levels.
Result<JsonNode> parse_json_text(std::string_view text, const std::string& name);

}  // namespace hort
