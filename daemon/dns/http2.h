// Http2: a session of libnghttp2, from either side (RFC 9113). Passive: octets in, messages out, and back.
//
// The library frames, compresses and counts windows; what is here moves octets.
#pragma once

#include <nghttp2/nghttp2.h>

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace hort::dns {

struct Http2Message {
    std::map<std::string, std::string, std::less<>> headers;  // with the pseudo-headers; the first of each name
    std::vector<std::uint8_t> body;
    bool is_too_large = false;
};

class Http2 {
  public:
    enum class Side : std::uint8_t { client, server };
    static constexpr std::size_t max_body = 65535;
    static constexpr std::size_t max_headers = 16384;  // octets of names and values

    // `take` gets each message that is complete: to a server a request, to a client a response. `lose` gets the streams
    // that ended without one. Both may call back into this.
    struct Events {
        std::function<void(std::int32_t stream, Http2Message message)> take;
        std::function<void(std::int32_t stream)> lose;
    };
    Http2(Side side, Events events);
    ~Http2();
    Http2(const Http2&) = delete;
    Http2& operator=(const Http2&) = delete;

    using Headers = std::vector<std::pair<std::string, std::string>>;
    // The stream's number; 0 when no more fit on this connection.
    std::int32_t request(const Headers& headers, std::vector<std::uint8_t> body);
    void respond(std::int32_t stream, const Headers& headers, std::vector<std::uint8_t> body);

    // Takes octets that came; false when the connection has to end.
    bool feed(std::span<const std::uint8_t> octets);
    // What is to be sent now; empty when there is nothing.
    std::vector<std::uint8_t> take_output();
    bool is_over() const;
    std::size_t streams() const { return streams_.size(); }

  private:
    struct Stream {
        Http2Message message;
        std::size_t header_octets = 0;
        std::vector<std::uint8_t> out;
        std::size_t sent = 0;
        bool is_taken = false;
    };
    struct Callbacks;
    Stream* find(std::int32_t id);
    void complete(std::int32_t id);

    const Side side_;
    const Events events_;
    nghttp2_session* session_ = nullptr;
    std::map<std::int32_t, Stream> streams_;
};

}  // namespace hort::dns
