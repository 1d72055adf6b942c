// ClientHello: what a TLS client says first, read to see which server it means (RFC 8446 section 4.1.2, RFC 6066
// section 3). Passive and incremental: octets in, as the network cuts them.
//
// The message is put together across records and segments. What a server and we could read differently is refused:
// whoever asks closes the connection then, and never passes it on unseen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rules/hostname.h"

namespace hort::proxy {

struct ClientHello {
    std::optional<Hostname> server_name;  // empty: none was sent, or an address, which the extension may not hold
    // encrypted_client_hello (RFC 9849). The server name above is then the outer one; browsers send the extension
    // without meaning it, too.
    bool has_encrypted_hello = false;
    // What it would speak inside (ALPN, RFC 7301) has "http/1.1" in it, or it does not say.
    bool takes_http_1_1 = true;
};

class ClientHelloReader {
  public:
    // Of everything that is read, the records' headers included; and how many records a message may be cut into.
    static constexpr std::size_t max_octets = 64 << 10;
    static constexpr int max_records = 1024;

    enum class State : std::uint8_t {
        more,       // it is not whole yet
        done,       // hello() is what was said
        not_tls,    // something else than TLS
        malformed,  // TLS, but no ClientHello that all read alike; or too long
    };

    // Takes the octets that came next. Once the state is another than `more`, it stays; what follows the message is not
    // looked at.
    State read(std::string_view bytes);
    State state() const { return state_; }

    // REQUIRES: state() is done.
    const ClientHello& hello() const { return hello_; }
    // What is wrong, for the log; empty unless malformed or not_tls.
    std::string_view problem() const { return problem_; }

  private:
    State fail(State state, std::string_view problem);
    State read_message();
    bool read_extensions(std::string_view extensions);
    bool read_protocols(std::string_view extension);
    bool read_server_name(std::string_view extension);

    State state_ = State::more;
    std::string_view problem_;
    ClientHello hello_;
    std::string header_;        // of the record that begins
    std::size_t left_ = 0;      // octets of the record that are still to come
    std::size_t total_ = 0;     // octets read
    int records_ = 0;           // begun
    std::string message_;       // of the handshake, so far
    std::size_t expected_ = 0;  // its size with its header; 0: not known yet
};

// A fatal alert in a record of its own, for a client that was not let through (RFC 8446 section 6).
inline constexpr std::string_view access_denied_alert("\x15\x03\x03\x00\x02\x02\x31", 7);

}  // namespace hort::proxy
