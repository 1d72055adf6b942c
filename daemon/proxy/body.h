// The body of a message, passed from one side to the other as it comes, framed anew.
#pragma once

#include <functional>

#include "daemon/proxy/http_message.h"
#include "daemon/proxy/stream.h"

namespace hort::proxy {

enum class Passed : std::uint8_t { done, source_failed, sink_failed, held_back };

struct Body {
    Framing framing = Framing::none;
    std::uint64_t length = 0;  // of Framing::length
    bool as_chunks = false;    // how it goes on: chunked, or plain
};

// Looks at a body before anything of it goes on.
struct BodyHold {
    std::string first;                               // what goes on before the body
    std::size_t limit = 0;                           // octets of the body, after which it is not held any longer
    std::function<bool(std::string_view)> may_pass;  // is given what was held
};

// Trailers are dropped. What was not written is not read. `moved` is called before each piece is written.
asio::awaitable<Passed> pass_body(Stream& from, Stream& to, Body body, const std::function<void()>& moved,
                                  BodyHold* hold = nullptr);

}  // namespace hort::proxy
