#include "daemon/proxy/tls_layer.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <new>

namespace hort::proxy {

void TlsLayer::Free::operator()(SSL* connection) const { SSL_free(connection); }

TlsLayer::TlsLayer(SSL* connection, bool is_server) : connection_(connection) {
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    if (connection == nullptr || in_ == nullptr || out_ == nullptr) throw std::bad_alloc();
    BIO_set_mem_eof_return(in_, -1);  // an empty one waits
    SSL_set_bio(connection, in_, out_);
    // A connection that rests holds no buffers.
    SSL_set_mode(connection, SSL_MODE_RELEASE_BUFFERS);
    SSL_set_app_data(connection, this);
    SSL_set_info_callback(connection, noticed);
    if (is_server) {
        SSL_set_accept_state(connection);
    } else {
        SSL_set_connect_state(connection);
        std::string nothing;
        step(nothing);  // the client speaks first
    }
}

TlsLayer::~TlsLayer() = default;

void TlsLayer::noticed(const SSL* connection, int where, int value) {
    auto* self = static_cast<TlsLayer*>(SSL_get_app_data(connection));
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (value >> 8) == SSL3_AL_FATAL) self->alert_ = value & 0xff;
}

void TlsLayer::fail() {
    state_ = State::failed;
    const auto verified = SSL_get_verify_result(connection_.get());
    const auto code = ERR_get_error();
    const char* reason = ERR_reason_error_string(code);
    problem_ = verified != X509_V_OK ? X509_verify_cert_error_string(verified)
               : reason != nullptr   ? reason
                                     : "the connection broke";
    ERR_clear_error();
}

void TlsLayer::step(std::string& plain) {
    ERR_clear_error();
    auto* connection = connection_.get();
    if (state_ == State::handshake) {
        const int done = SSL_do_handshake(connection);
        if (done != 1) {
            if (SSL_get_error(connection, done) != SSL_ERROR_WANT_READ) fail();
            return;
        }
        state_ = State::open;
    }
    while (state_ == State::open) {
        char space[16384];
        const int got = SSL_read(connection, space, sizeof space);
        if (got > 0) {
            plain.append(space, static_cast<std::size_t>(got));
            continue;
        }
        switch (SSL_get_error(connection, got)) {
            case SSL_ERROR_WANT_READ:
                return;
            case SSL_ERROR_ZERO_RETURN:
                state_ = State::ended;
                return;
            default:
                fail();
                return;
        }
    }
}

void TlsLayer::give(std::string_view octets, std::string& plain) {
    while (!octets.empty() && state_ != State::failed && state_ != State::ended) {
        const auto part = octets.substr(0, 1 << 20);
        if (BIO_write(in_, part.data(), static_cast<int>(part.size())) != static_cast<int>(part.size()))
            throw std::bad_alloc();
        octets.remove_prefix(part.size());
        step(plain);
    }
}

void TlsLayer::give_end() {
    // Without a last word (close_notify) the end may be somebody else's: it is none that may be relied on.
    if (state_ == State::handshake || state_ == State::open) {
        state_ = State::failed;
        problem_ = "the connection ended";
    }
}

bool TlsLayer::put(std::string_view plain) {
    if (state_ != State::open && state_ != State::ended) return false;
    ERR_clear_error();
    while (!plain.empty()) {
        const auto size = std::min<std::size_t>(plain.size(), 1 << 20);
        const int put = SSL_write(connection_.get(), plain.data(), static_cast<int>(size));
        if (put <= 0) {
            fail();
            return false;
        }
        plain.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
}

void TlsLayer::end() {
    if (state_ == State::open || state_ == State::ended) SSL_shutdown(connection_.get());
    ERR_clear_error();
}

std::string TlsLayer::take_output() {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out_, &data);
    std::string out(data, size > 0 ? static_cast<std::size_t>(size) : 0);
    (void)BIO_reset(out_);
    return out;
}

}  // namespace hort::proxy
