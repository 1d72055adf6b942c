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

// Names of fields are compared without regard to case.
bool is_same_field(std::string_view a, std::string_view b);

enum class Framing : std::uint8_t { none, length, chunked, until_close };

// Where a request is said to: a proxy is told the whole URL (absolute-form), a server the path alone (origin-form, with
// the host in Host; RFC 9112 section 3.2).
enum class Form : std::uint8_t { to_proxy, to_server };

struct RequestHead {
    std::string_view method;
    bool is_connect = false;
    bool is_for_us = false;  // a proxy was asked like a server: for a page of its own
    std::string_view host;   // as written: a name, an IPv4 address or an IPv6 address without brackets
    std::uint16_t port = 80;
    std::string_view path;  // origin-form for the server: "/a?b"; "*" for OPTIONS
    bool is_http_1_0 = false;
    bool keeps_alive = true;
    bool expects_continue = false;
    bool wants_websocket = false;  // RFC 6455; no other upgrade is passed on
    Framing framing = Framing::none;
    std::uint64_t length = 0;
    std::vector<Field> fields;  // those that go on: end to end, without Host and framing
};

struct ResponseHead {
    int status = 0;
    std::string_view reason;
    bool keeps_alive = true;
    bool is_websocket = false;      // it says so beside 101
    bool binds_connection = false;  // NTLM, Negotiate: whoever has the connection is the one who logged in
    Framing framing = Framing::none;
    std::uint64_t length = 0;
    std::vector<Field> fields;
};

// The first field of that name; empty: there is none.
std::string_view field_of(const std::vector<Field>& fields, std::string_view name);
// The media type of an answer, in lower case and without its parameters ("video/mp4"; RFC 9110 section 8.3), and the
// name under which it asks to be kept (RFC 6266), as written. Empty: it does not say.
std::string media_type_of(const ResponseHead& response);
std::string file_name_of(const ResponseHead& response);

// Size of the head with its blank line at the beginning of `bytes`; nothing: it is not complete yet. At most
// max_head octets and max_line a line.
std::variant<std::optional<std::size_t>, HttpFault> find_head(std::string_view bytes);

// What is wrong with the request line at the beginning of `bytes`, as soon as it is there: who speaks no HTTP never
// ends a head.
std::optional<HttpFault> fault_of_request_line(std::string_view bytes, Form form);

// `head` is a whole head. The views point into it.
std::variant<RequestHead, HttpFault> parse_request(std::string_view head, Form form = Form::to_proxy);
// `request_method` decides whether there is a body (RFC 9112 section 6.3).
std::variant<ResponseHead, HttpFault> parse_response(std::string_view head, std::string_view request_method);

// What is sent: the head anew, ended by its blank line.
std::string write_request(const RequestHead& request);
std::string write_response(const ResponseHead& response, bool keeps_alive, Framing framing);

// Is what came of a chunked body so far broken?
bool is_broken_chunked(std::string_view bytes);

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
