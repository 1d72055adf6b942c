#include "daemon/proxy/authority.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <new>
#include <span>

#include "platform/mapped_file.h"

namespace hort::proxy {
namespace {

template <typename Type, void (*free_it)(Type*)>
struct Free {
    void operator()(Type* value) const { free_it(value); }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509, X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX, SSL_CTX_free>>;
struct FreeBio {
    void operator()(BIO* value) const { BIO_free(value); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

constexpr std::int64_t day = 86400;

Error failed(std::string what, const std::string& where) {
    const char* reason = ERR_reason_error_string(ERR_get_error());
    ERR_clear_error();
    return Error{what + (reason != nullptr ? std::string(": ") + reason : ""), where, {}};
}

Key new_key() { return Key(EVP_EC_gen("P-256")); }

bool add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    auto* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    if (extension == nullptr) return false;
    const bool is_added = X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

// What both kinds have. From a day ago: clocks differ.
bool begin_certificate(X509* certificate, EVP_PKEY* key, const std::string& name, std::int64_t now, std::int64_t days) {
    unsigned char serial[16];
    if (RAND_bytes(serial, sizeof serial) != 1) return false;
    serial[0] &= 0x7f;
    auto* number = BN_bin2bn(serial, sizeof serial, nullptr);
    const bool has_serial =
        number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
    BN_free(number);
    return has_serial && X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_TIME_set(X509_getm_notBefore(certificate), now - day) != nullptr &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), now + (days - 1) * day) != nullptr &&
           X509_set_pubkey(certificate, key) == 1 &&
           X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(name.data()),
                                      static_cast<int>(std::min<std::size_t>(name.size(), 64)), -1, 0) == 1;
}

std::string pem_of(X509* certificate) {
    const Bio out(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(out.get(), certificate);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string key_path(const std::string& folder) { return folder + "/authority.key"; }
std::string certificate_path(const std::string& folder) { return folder + "/authority.pem"; }

// HTTP/1.1 is what is looked into; who offers it among others gets it (RFC 7301).
int choose_http(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size,
                void*) {
    constexpr std::string_view wanted = "http/1.1";
    for (unsigned at = 0; at < in_size && at + 1 + in[at] <= in_size; at += 1 + in[at])
        if (std::string_view(reinterpret_cast<const char*>(in + at + 1), in[at]) == wanted) {
            *out = in + at + 1;
            *size = in[at];
            return SSL_TLSEXT_ERR_OK;
        }
    return SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

struct Authority::Parts {
    Key key, site_key;  // one key for all sites: making one takes longer than signing
    Certificate certificate;
    Context context;
};

struct Authority::Site {
    std::string name;
    Certificate certificate;
    std::int64_t until = 0;
};

Status Authority::make(const std::string& folder, const std::vector<std::string>& never, std::int64_t now) {
    const auto key = new_key();
    const Certificate certificate(X509_new());
    if (!key || !certificate) return failed("no key could be made", folder);
    std::string excluded;
    for (const auto& name : never) excluded += (excluded.empty() ? "excluded;DNS:" : ",excluded;DNS:") + name;
    auto* self = certificate.get();
    const bool is_made =
        begin_certificate(self, key.get(), "Hort on this machine", now, authority_days) &&
        X509_set_issuer_name(self, X509_get_subject_name(self)) == 1 &&
        add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        add_extension(self, self, NID_subject_key_identifier, "hash") &&
        (excluded.empty() || add_extension(self, self, NID_name_constraints, "critical," + excluded)) &&
        X509_sign(self, key.get(), EVP_sha256()) > 0;
    if (!is_made) return failed("no certificate could be made", folder);
    const Bio text(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_PKCS8PrivateKey(text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        return failed("the key could not be written down", folder);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(text.get(), &data);
    const std::string_view key_text(data, static_cast<std::size_t>(size));
    auto done = platform::write_file_atomically(key_path(folder), std::as_bytes(std::span(key_text)));
    OPENSSL_cleanse(data, static_cast<std::size_t>(size));
    if (!done) return done;
    const auto text_of_it = pem_of(self);
    return platform::write_file_atomically(certificate_path(folder), std::as_bytes(std::span(text_of_it)),
                                           platform::Readers::everyone);
}

Result<std::unique_ptr<Authority>> Authority::open(const std::string& folder) {
    auto parts = std::make_unique<Parts>();
    struct stat about {};
    const auto path = key_path(folder);
    if (::stat(path.c_str(), &about) != 0) return Error{"there is no key", path, "'hortctl intercept on' makes one"};
    if ((about.st_mode & 077) != 0)
        return Error{"others may read the key", path, "'hortctl intercept renew' makes a new one"};
    auto key_text = platform::read_file(path, 1 << 16);
    if (!key_text) return key_text.error();
    const Bio key(BIO_new_mem_buf(key_text->data(), static_cast<int>(key_text->size())));
    parts->key.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr));
    OPENSSL_cleanse(key_text->data(), key_text->size());
    if (!parts->key) return failed("not a key", path);
    const auto text = platform::read_file(certificate_path(folder), 1 << 20);
    if (!text) return text.error();
    const Bio certificate(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
    parts->certificate.reset(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr));
    if (!parts->certificate || X509_check_private_key(parts->certificate.get(), parts->key.get()) != 1)
        return failed("not the certificate of the key", certificate_path(folder));
    parts->site_key = new_key();
    parts->context.reset(SSL_CTX_new(TLS_server_method()));
    auto* context = parts->context.get();
    if (!parts->site_key || context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
        return failed("TLS cannot be set up", folder);
    SSL_CTX_set_alpn_select_cb(context, choose_http, nullptr);
    auto pem = pem_of(parts->certificate.get());
    return std::unique_ptr<Authority>(new Authority(std::move(parts), std::move(pem)));
}

Authority::Authority(std::unique_ptr<Parts> parts, std::string pem) : parts_(std::move(parts)), pem_(std::move(pem)) {}

Authority::~Authority() = default;

std::string Authority::fingerprint() const {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    X509_digest(parts_->certificate.get(), EVP_sha256(), digest, &size);
    std::string out;
    for (unsigned i = 0; i < size; ++i) {
        char hex[4];
        std::snprintf(hex, sizeof hex, "%s%02X", i == 0 ? "" : ":", digest[i]);
        out += hex;
    }
    return out;
}

X509* Authority::certificate_of(const Hostname& host, std::int64_t now) {
    const std::string name(host.text());
    if (const auto found = by_name_.find(name); found != by_name_.end()) {
        sites_.splice(sites_.begin(), sites_, found->second);
        if (now < sites_.front().until && now > sites_.front().until - site_days * day)
            return sites_.front().certificate.get();
        sites_.pop_front();
        by_name_.erase(found);
    }
    Certificate certificate(X509_new());
    auto* site = certificate.get();
    auto* issuer = parts_->certificate.get();
    if (site == nullptr || !begin_certificate(site, parts_->site_key.get(), name, now, site_days) ||
        X509_set_issuer_name(site, X509_get_subject_name(issuer)) != 1 ||
        !add_extension(site, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
        !add_extension(site, issuer, NID_key_usage, "critical,digitalSignature") ||
        !add_extension(site, issuer, NID_ext_key_usage, "serverAuth") ||
        !add_extension(site, issuer, NID_authority_key_identifier, "keyid") ||
        !add_extension(site, issuer, NID_subject_alt_name, "DNS:" + name) ||
        X509_sign(site, parts_->key.get(), EVP_sha256()) <= 0) {
        ERR_clear_error();
        return nullptr;
    }
    if (sites_.size() == max_kept) {
        by_name_.erase(sites_.back().name);
        sites_.pop_back();
    }
    sites_.push_front({name, std::move(certificate), now + (site_days - 2) * day});
    by_name_[name] = sites_.begin();
    return site;
}

SSL* Authority::server_for(const Hostname& host, std::int64_t now) {
    auto* certificate = certificate_of(host, now);
    auto* out = certificate == nullptr ? nullptr : SSL_new(parts_->context.get());
    if (out == nullptr) return nullptr;
    if (SSL_use_certificate(out, certificate) == 1 && SSL_use_PrivateKey(out, parts_->site_key.get()) == 1) return out;
    SSL_free(out);
    ERR_clear_error();
    return nullptr;
}

}  // namespace hort::proxy
