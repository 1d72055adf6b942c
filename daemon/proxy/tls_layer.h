// TlsLayer: one side of a TLS connection without its socket: octets of the network in, octets of the application out,
// and the other way round. What was read before anybody knew that it was to be TLS can be given to it like what comes
// later.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace hort::proxy {

class TlsLayer {
  public:
    enum class State : std::uint8_t {
        handshake,
        open,
        ended,  // the other side will send no more
        failed,
    };
    // Takes the connection over.
    TlsLayer(SSL* connection, bool is_server);
    ~TlsLayer();

    // Takes octets of the network; appends what they said to `plain`.
    void give(std::string_view octets, std::string& plain);
    // The network ended.
    void give_end();
    // What is to be sent; false when the connection is not open.
    bool put(std::string_view plain);
    // Says that nothing more will be sent.
    void end();
    // Octets for the network; empty: none.
    std::string take_output();

    State state() const { return state_; }
    // The alert of the other side that ended the handshake (RFC 8446 section 6), or 0.
    int alert() const { return alert_; }
    // Of one that failed, for the log.
    const std::string& problem() const { return problem_; }

  private:
    void step(std::string& plain);
    void fail();
    static void noticed(const SSL* connection, int where, int value);

    struct Free {
        void operator()(SSL* connection) const;
    };
    std::unique_ptr<SSL, Free> connection_;
    BIO *in_ = nullptr, *out_ = nullptr;  // of the connection
    State state_ = State::handshake;
    int alert_ = 0;
    std::string problem_;
};

}  // namespace hort::proxy
