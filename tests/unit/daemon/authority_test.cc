#include "daemon/proxy/authority.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdlib>

#include "daemon/proxy/tls_layer.h"
#include "platform/mapped_file.h"

namespace hort::proxy {
namespace {

constexpr std::int64_t now = 1'800'000'000, day = 86400;

class AuthorityTest : public testing::Test {
  protected:
    AuthorityTest() {
        char name[] = "/tmp/hort-authority-XXXXXX";
        folder = mkdtemp(name);
        EXPECT_TRUE(Authority::make(folder, {"help.test", "bank.test"}, now));
    }
    ~AuthorityTest() override {
        for (const auto* file : {"/authority.key", "/authority.pem"}) std::remove((folder + file).c_str());
        std::remove(folder.c_str());
    }

    // What OpenSSL says of the certificate for a host, as a client that trusts the authority alone.
    std::string verdict(Authority& authority, const char* host, std::int64_t at) {
        auto* connection = authority.server_for(*Hostname::parse(host), at);
        if (connection == nullptr) return "none";
        BIO* text = BIO_new_mem_buf(authority.pem().data(), static_cast<int>(authority.pem().size()));
        X509* root = PEM_read_bio_X509(text, nullptr, nullptr, nullptr);
        BIO_free(text);
        X509_STORE* store = X509_STORE_new();
        X509_STORE_add_cert(store, root);
        X509_STORE_CTX* context = X509_STORE_CTX_new();
        X509_STORE_CTX_init(context, store, SSL_get_certificate(connection), nullptr);
        X509_VERIFY_PARAM* wanted = X509_STORE_CTX_get0_param(context);
        X509_VERIFY_PARAM_set1_host(wanted, host, 0);
        X509_VERIFY_PARAM_set_purpose(wanted, X509_PURPOSE_SSL_SERVER);
        X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_X509_STRICT);
        X509_VERIFY_PARAM_set_time(wanted, at);
        const bool is_good = X509_verify_cert(context) == 1;
        const std::string out = is_good ? "good" : X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
        X509_STORE_CTX_free(context);
        X509_STORE_free(store);
        X509_free(root);
        SSL_free(connection);
        return out;
    }

    std::string folder;
};

TEST_F(AuthorityTest, SpeaksForASiteInAWayThatClientsTake) {
    auto authority = *Authority::open(folder);
    EXPECT_EQ(verdict(*authority, "www.example.org", now), "good");
    EXPECT_EQ(verdict(*authority, "a.b.example.org", now + 60 * day), "good");
    EXPECT_EQ(authority->fingerprint().size(), 32u * 3 - 1);
}

TEST_F(AuthorityTest, CannotSpeakForWhatItsNameConstraintsExclude) {
    auto authority = *Authority::open(folder);
    EXPECT_EQ(verdict(*authority, "www.help.test", now), "excluded subtree violation");
    EXPECT_EQ(verdict(*authority, "bank.test", now), "excluded subtree violation");
}

TEST_F(AuthorityTest, ACertificateIsKeptAndMadeAnewBeforeItEnds) {
    auto authority = *Authority::open(folder);
    const auto serial = [&](const char* host, std::int64_t at) {
        auto* connection = authority->server_for(*Hostname::parse(host), at);
        BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(SSL_get_certificate(connection)), nullptr);
        char* text = BN_bn2hex(number);
        std::string out(text);
        OPENSSL_free(text);
        BN_free(number);
        SSL_free(connection);
        return out;
    };
    const auto first = serial("a.test", now);
    EXPECT_EQ(serial("a.test", now + 30 * day), first);
    EXPECT_NE(serial("b.test", now), first);
    EXPECT_NE(serial("a.test", now + 89 * day), first);
    EXPECT_EQ(verdict(*authority, "a.test", now + 100 * day), "good");
    EXPECT_EQ(verdict(*authority, "a.test", now), "good") << "the clock was set back";
    for (std::size_t i = 0; i < Authority::max_kept + 10; ++i) serial(("h" + std::to_string(i) + ".test").c_str(), now);
    EXPECT_EQ(verdict(*authority, "a.test", now), "good");
}

TEST_F(AuthorityTest, IsRefusedWhereItsFilesAreNotWhatTheyWere) {
    EXPECT_EQ(chmod((folder + "/authority.key").c_str(), 0640), 0);
    EXPECT_FALSE(Authority::open(folder));
    EXPECT_EQ(chmod((folder + "/authority.key").c_str(), 0600), 0);
    EXPECT_TRUE(Authority::open(folder));
    const auto pem = *platform::read_file(folder + "/authority.pem", 1 << 20);
    EXPECT_TRUE(Authority::make(folder, {}, now));
    FILE* file = std::fopen((folder + "/authority.pem").c_str(), "w");
    std::fwrite(pem.data(), 1, pem.size(), file);
    std::fclose(file);
    const auto other = Authority::open(folder);
    ASSERT_FALSE(other);
    EXPECT_TRUE(other.error().what.starts_with("not the certificate of the key")) << other.error().what;
}

// Two sides, without a network between them.
class TlsPair : public AuthorityTest {
  protected:
    TlsPair() {
        context = SSL_CTX_new(TLS_client_method());
        client = std::make_unique<TlsLayer>(SSL_new(context), false);
        authority = *Authority::open(folder);
        server = std::make_unique<TlsLayer>(authority->server_for(*Hostname::parse("a.test"), now), true);
    }
    ~TlsPair() override {
        client.reset();
        server.reset();
        SSL_CTX_free(context);
    }
    // Carries octets, `step` at a time, until nobody has any.
    void carry(std::size_t step = 1 << 20) {
        for (bool moved = true; moved;) {
            moved = false;
            for (auto [from, to, into] : {std::tuple{client.get(), server.get(), &at_server},
                                          std::tuple{server.get(), client.get(), &at_client}}) {
                const auto octets = from->take_output();
                for (std::size_t i = 0; i < octets.size(); i += step)
                    to->give(std::string_view(octets).substr(i, step), *into);
                moved = moved || !octets.empty();
            }
        }
    }
    SSL_CTX* context;
    std::unique_ptr<Authority> authority;
    std::unique_ptr<TlsLayer> client, server;
    std::string at_client, at_server;
};

TEST_F(TlsPair, CarriesWhatIsSaidHoweverTheNetworkCutsIt) {
    carry(1);
    EXPECT_EQ(client->state(), TlsLayer::State::open);
    EXPECT_EQ(server->state(), TlsLayer::State::open);
    const std::string large(300'000, 'x');
    EXPECT_TRUE(client->put("hello"));
    EXPECT_TRUE(server->put(large));
    carry(1000);
    EXPECT_EQ(at_server, "hello");
    EXPECT_EQ(at_client, large);
    client->end();
    carry();
    EXPECT_EQ(server->state(), TlsLayer::State::ended);
    EXPECT_TRUE(server->put("the rest")) << "half of the connection is open";
    carry();
    EXPECT_TRUE(at_client.ends_with("the rest"));
}

TEST_F(TlsPair, SaysWhichAlertTheOtherSideEndedTheHandshakeWith) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    client = std::make_unique<TlsLayer>(SSL_new(context), false);
    carry();
    EXPECT_EQ(client->state(), TlsLayer::State::failed);
    EXPECT_EQ(server->state(), TlsLayer::State::failed);
    EXPECT_EQ(server->alert(), 48) << "unknown_ca (RFC 8446 section 6.2)";
    EXPECT_NE(client->problem().find("certificate"), std::string::npos) << client->problem();
    EXPECT_FALSE(server->put("x"));
}

TEST_F(TlsPair, AnEndWithoutALastWordIsNone) {
    carry();
    server->give_end();
    EXPECT_EQ(server->state(), TlsLayer::State::failed);
}

TEST_F(TlsPair, WhatIsNoTlsFails) {
    std::string said;
    server->give("GET / HTTP/1.1\r\n\r\n", said);
    EXPECT_EQ(server->state(), TlsLayer::State::failed);
    EXPECT_EQ(said, "");
    EXPECT_FALSE(server->problem().empty());
}

}  // namespace
}  // namespace hort::proxy
