#include "daemon/dns/byte_stream.h"

#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "daemon/pending_timer.h"

namespace hort::dns {
namespace {

namespace ssl = asio::ssl;
using asio::ip::tcp;

template <typename Stream>
asio::awaitable<std::size_t> read_from(Stream& stream, std::span<std::uint8_t> bytes) {
    error_code fault;
    const auto got = co_await stream.async_read_some(asio::buffer(bytes.data(), bytes.size()),
                                                     asio::redirect_error(asio::use_awaitable, fault));
    co_return fault ? 0 : got;
}

template <typename Stream>
asio::awaitable<bool> write_to(Stream& stream, std::span<const std::uint8_t> bytes) {
    error_code fault;
    co_await asio::async_write(stream, asio::buffer(bytes.data(), bytes.size()),
                               asio::redirect_error(asio::use_awaitable, fault));
    co_return !fault;
}

class Plain final : public ByteStream {
  public:
    explicit Plain(tcp::socket socket) : socket_(std::move(socket)) {}
    asio::awaitable<bool> begin() override { co_return true; }
    asio::awaitable<std::size_t> read_some(std::span<std::uint8_t> bytes) override { return read_from(socket_, bytes); }
    asio::awaitable<bool> write(std::span<const std::uint8_t> bytes) override { return write_to(socket_, bytes); }
    void close() override {
        error_code ignored;
        socket_.close(ignored);
    }
    std::string protocol() const override { return {}; }
    std::string server_name() const override { return {}; }

  private:
    tcp::socket socket_;
};

class Tls final : public ByteStream {
  public:
    Tls(tcp::socket socket, ssl::context& context, ssl::stream_base::handshake_type side, ServerIdentity identity)
        : stream_(std::move(socket), context), side_(side), identity_(std::move(identity)) {}

    asio::awaitable<bool> begin() override {
        if (side_ == ssl::stream_base::client && !prepare()) co_return false;
        error_code fault;
        co_await stream_.async_handshake(side_, asio::redirect_error(asio::use_awaitable, fault));
        co_return !fault && (identity_.pin.empty() || has_pinned_key());
    }
    asio::awaitable<std::size_t> read_some(std::span<std::uint8_t> bytes) override { return read_from(stream_, bytes); }
    asio::awaitable<bool> write(std::span<const std::uint8_t> bytes) override { return write_to(stream_, bytes); }
    void close() override {
        error_code ignored;
        stream_.lowest_layer().close(ignored);
    }
    std::string protocol() const override {
        const unsigned char* data = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(handle(), &data, &size);
        return {reinterpret_cast<const char*>(data), size};
    }
    std::string server_name() const override {
        const char* name = SSL_get_servername(handle(), TLSEXT_NAMETYPE_host_name);
        return name == nullptr ? std::string() : std::string(name);
    }

  private:
    SSL* handle() const { return const_cast<ssl::stream<tcp::socket>&>(stream_).native_handle(); }

    bool prepare() {
        const auto alpn = static_cast<char>(identity_.protocol.size()) + std::string(identity_.protocol);
        error_code fault;
        stream_.set_verify_mode(ssl::verify_peer, fault);
        if (!fault) stream_.set_verify_callback(ssl::host_name_verification(identity_.name), fault);
        // An address is no server name (RFC 6066 section 3).
        const bool is_name = !platform::parse_address(identity_.name);
        return !fault && (!is_name || SSL_set_tlsext_host_name(handle(), identity_.name.c_str()) == 1) &&
               SSL_set_alpn_protos(handle(), reinterpret_cast<const unsigned char*>(alpn.data()),
                                   static_cast<unsigned>(alpn.size())) == 0;
    }

    bool has_pinned_key() const {
        X509* certificate = SSL_get0_peer_certificate(handle());
        if (certificate == nullptr) return false;
        unsigned char* key = nullptr;
        const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
        if (size <= 0) return false;
        unsigned char digest[SHA256_DIGEST_LENGTH];
        SHA256(key, static_cast<std::size_t>(size), digest);
        OPENSSL_free(key);
        return identity_.pin == std::string_view(reinterpret_cast<const char*>(digest), sizeof digest);
    }

    ssl::stream<tcp::socket> stream_;
    const ssl::stream_base::handshake_type side_;
    const ServerIdentity identity_;
};

}  // namespace

std::unique_ptr<ByteStream> plain_stream(tcp::socket socket) { return std::make_unique<Plain>(std::move(socket)); }

std::unique_ptr<ByteStream> tls_server(tcp::socket socket, ssl::context& context) {
    return std::make_unique<Tls>(std::move(socket), context, ssl::stream_base::server, ServerIdentity{});
}

std::unique_ptr<ByteStream> tls_client(tcp::socket socket, ssl::context& context, const ServerIdentity& identity) {
    return std::make_unique<Tls>(std::move(socket), context, ssl::stream_base::client, identity);
}

asio::awaitable<bool> read_exactly(ByteStream& stream, std::span<std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const auto got = co_await stream.read_some(bytes);
        if (got == 0) co_return false;
        bytes = bytes.subspan(got);
    }
    co_return true;
}

asio::awaitable<bool> within(std::chrono::milliseconds time, ByteStream& stream, asio::awaitable<bool> work) {
    const auto done = co_await in_time(time, std::move(work));
    if (!done) stream.close();
    co_return done.value_or(false);
}

}  // namespace hort::dns
