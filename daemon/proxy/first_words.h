// What a client says first in a tunnel, before anybody is connected to.
#pragma once

#include "daemon/proxy/client_hello.h"
#include "daemon/proxy/stream.h"

namespace hort::proxy {

struct FirstWords {
    enum class Kind : std::uint8_t {
        none,  // the client went, or said nothing in time
        http,  // it begins like a request
        tls,   // `hello` is whole
        other  // neither, or a ClientHello that two could read differently: `problem` says what
    };
    Kind kind = Kind::none;
    ClientHello hello;
    std::string problem;
};

// Reads as much as that takes; all of it stays in the client's buffer, to be passed on. Whoever calls sets the time.
asio::awaitable<FirstWords> read_first_words(Stream& client);

}  // namespace hort::proxy
