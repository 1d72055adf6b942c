// HTTP/1 messages, strictly (RFC 9110, RFC 9112): heads, framing and chunked bodies. Passive: bytes in, meaning out.
//
// Whatever two programs could read differently is refused, never mended: bare CR or LF, folded lines, space before a
// colon, two framings, several Content-Length, transfer codings other than chunked. What goes on is written anew.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hort::proxy {

inline constexpr std::size_t max_head = 64 << 10, max_line = 16 << 10, max_fields = 128;

struct HttpFault {
    int status = 400;
    std::string what;
};

struct Field {
    std::string_view name, value;
};

enum class Framing : std::uint8_t { none, length, chunked, until_close };

struct RequestHead {
    std::string_view method;
    bool is_connect = false;
    std::string_view host;  // as written: a name, an IPv4 address or an IPv6 address without brackets
    std::uint16_t port = 80;
    std::string_view path;  // origin-form for the server: "/a?b"; "*" for OPTIONS
    bool is_http_1_0 = false;
    bool keeps_alive = true;
    bool expects_continue = false;
    Framing framing = Framing::none;
    std::uint64_t length = 0;
    std::vector<Field> fields;  // those that go on: end to end, without Host and framing
};

struct ResponseHead {
    int status = 0;
    std::string_view reason;
    bool keeps_alive = true;
    Framing framing = Framing::none;
    std::uint64_t length = 0;
    std::vector<Field> fields;
};

// Size of the head with its blank line at the beginning of `bytes`; nothing: it is not complete yet. At most
// max_head octets and max_line a line.
std::variant<std::optional<std::size_t>, HttpFault> find_head(std::string_view bytes);

// `head` is a whole head. The views point into it.
std::variant<RequestHead, HttpFault> parse_request(std::string_view head);
// `request_method` decides whether there is a body (RFC 9112 section 6.3).
std::variant<ResponseHead, HttpFault> parse_response(std::string_view head, std::string_view request_method);

// What is sent: the head anew, ended by its blank line.
std::string write_request(const RequestHead& request);
std::string write_response(const ResponseHead& response, bool keeps_alive, Framing framing);

// A chunked body, read as it comes.
class ChunkedReader {
  public:
    struct Step {
        std::size_t used = 0;   // octets of the input that are done with
        std::string_view data;  // a piece of the body, part of the input
        bool is_end = false;    // the body, its trailers included, is over
        bool is_broken = false;
    };
    // Call again with what is left until `used` is 0.
    Step read(std::string_view bytes);

  private:
    enum class State : std::uint8_t { size, data, data_end, trailer } state_ = State::size;
    std::uint64_t left_ = 0;
    std::size_t trailers_ = 0;
};

}  // namespace hort::proxy
