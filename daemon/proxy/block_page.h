// The page that a blocked request gets, and the proxy's own error answers. Everything shown is escaped.
#pragma once

#include <string>

#include "daemon/proxy/http_message.h"
#include "daemon/proxy/judge.h"

namespace hort::proxy {

// What an answer is for: a page that a person looks at, a picture in one, or another part of one.
enum class Purpose : std::uint8_t { page, picture, part };

struct BlockPageFor {
    Purpose purpose = Purpose::page;
    std::string_view languages = {};  // Accept-Language
    bool keeps_alive = false;
    bool is_head = false;        // the answer goes without its body
    std::string ask_token = {};  // of the form by which a guardian is asked; empty: there is nobody to ask from here

    // By what the browser says of its request (Sec-Fetch-Dest, or else Accept).
    static BlockPageFor request(const RequestHead& request, bool keeps_alive);
};

// A whole response: 403, never stored. The page is in the person's language and in words for its age; a picture is one
// that nobody sees, and another part is empty.
std::string block_page(const Ruling& ruling, const BlockPageFor& what);
// A whole response: what was asked waits for an answer, or it does not, and why.
std::string asked_page(const Ruling& ruling, const BlockPageFor& what, const Status& done);
// One site on the page of what was refused lately, and the token of its form (BlockPageFor).
struct Refused {
    Ruling ruling;
    std::string ask_token;
};
// A whole response: 200, never stored. What was refused to the reader lately, why, and the form to ask for it.
// `reader`: any ruling of theirs.
std::string refusals_page(const Ruling& reader, const std::vector<Refused>& refused, const BlockPageFor& what);
// A whole response that ends the connection.
std::string error_page(int status, std::string_view what);
std::string escape_html(std::string_view text);

}  // namespace hort::proxy
