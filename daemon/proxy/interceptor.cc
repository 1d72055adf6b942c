#include "daemon/proxy/interceptor.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "daemon/log.h"
#include "platform/clock.h"
#include "rules/intercept_bypass.h"

namespace hort::proxy {
namespace {

constexpr std::size_t max_refusals = 256;

// Of the alerts of RFC 8446 section 6.2 those that say what a program thinks of a certificate. Whoever just goes away,
// or speaks another TLS, says nothing about it.
bool is_about_certificate(int alert) {
    return (alert >= SSL_AD_BAD_CERTIFICATE && alert <= SSL_AD_CERTIFICATE_UNKNOWN) || alert == SSL_AD_UNKNOWN_CA;
}

}  // namespace

struct Interceptor::Trust {
    Trust() : context(SSL_CTX_new(TLS_client_method())) {}
    ~Trust() { SSL_CTX_free(context); }
    Trust(const Trust&) = delete;
    Trust& operator=(const Trust&) = delete;
    SSL_CTX* context;
};

Result<std::unique_ptr<Interceptor>> Interceptor::make(std::string folder, const std::string& trusted) {
    auto trust = std::make_unique<Trust>();
    auto* context = trust->context;
    if (context == nullptr) return Error{"TLS cannot be set up", {}, {}};
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_default_verify_paths(context);
    if (!trusted.empty() && SSL_CTX_load_verify_locations(context, trusted.c_str(), nullptr) != 1) {
        ERR_clear_error();
        return Error{"not a file of certificates", trusted, "expected PEM"};
    }
    ERR_clear_error();
    auto out = std::unique_ptr<Interceptor>(new Interceptor(std::move(folder), std::move(trust)));
    // Where there is none yet, none is needed.
    if (auto authority = Authority::open(out->folder_)) out->authority_ = *std::move(authority);
    return out;
}

Interceptor::Interceptor(std::string folder, std::unique_ptr<Trust> trust)
    : folder_(std::move(folder)), trust_(std::move(trust)) {}

Interceptor::~Interceptor() = default;

Result<Interception::AuthorityState> Interceptor::authority() const {
    if (!authority_) {
        const auto opened = Authority::open(folder_);
        return opened ? Error{"the authority is not in use", folder_, {}} : opened.error();
    }
    return AuthorityState{authority_->pem(), authority_->fingerprint(), folder_ + "/authority.pem"};
}

Result<Interception::AuthorityState> Interceptor::make_authority(bool is_new) {
    auto opened = Authority::open(folder_);
    if (!opened || is_new) {
        if (auto made = Authority::make(folder_, InterceptBypass::shipped().never(), platform::now().wall_seconds);
            !made)
            return made.error();
        opened = Authority::open(folder_);
        if (!opened) return opened.error();
    }
    authority_ = *std::move(opened);
    refusals_.clear();
    return authority();
}

std::vector<std::string> Interceptor::left_alone() const {
    std::vector<std::string> out;
    const auto now = platform::now().awake_seconds;
    for (const auto& one : refusals_)
        if (one.alone_until > now) out.push_back(one.host);
    return out;
}

Interceptor::Refusals* Interceptor::find(const Hostname& host) {
    const auto it =
        std::find_if(refusals_.begin(), refusals_.end(), [&](const Refusals& one) { return one.host == host.text(); });
    return it == refusals_.end() ? nullptr : &*it;
}

bool Interceptor::is_ready_for(const Hostname& host) {
    if (!authority_) return false;
    const auto* known = find(host);
    return known == nullptr || known->alone_until <= platform::now().awake_seconds;
}

std::unique_ptr<TlsLayer> Interceptor::server_for(const Hostname& host) {
    auto* connection = authority_ ? authority_->server_for(host, platform::now().wall_seconds) : nullptr;
    return connection == nullptr ? nullptr : std::make_unique<TlsLayer>(connection, true);
}

std::unique_ptr<TlsLayer> Interceptor::client_for(const Hostname& host) {
    auto* connection = SSL_new(trust_->context);
    if (connection == nullptr) return nullptr;
    const std::string name(host.text());
    constexpr unsigned char http[] = "\x08http/1.1";
    SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(connection, name.c_str()) != 1 || SSL_set_tlsext_host_name(connection, name.c_str()) != 1 ||
        SSL_set_alpn_protos(connection, http, sizeof http - 1) != 0) {
        SSL_free(connection);
        return nullptr;
    }
    return std::make_unique<TlsLayer>(connection, false);
}

void Interceptor::refused(const Hostname& host, int alert) {
    if (!is_about_certificate(alert)) return;
    const auto now = platform::now().awake_seconds;
    auto* known = find(host);
    if (known == nullptr) {
        if (refusals_.size() == max_refusals) refusals_.pop_front();
        known = &refusals_.emplace_back();
        known->host = std::string(host.text());
    }
    if (now - known->last > refusal_memory) known->count = 0;
    known->last = now;
    if (++known->count < refusals_to_leave_alone || known->alone_until > now) return;
    known->count = 0;
    known->alone_until = now + leave_alone_seconds;
    log_line(Level::warning, "not looked into for a day: a program does not take our certificate",
             {{"site", known->host}, {"alert", std::to_string(alert)}});
}

}  // namespace hort::proxy
