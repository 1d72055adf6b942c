#include "daemon/dns/certificate.h"

namespace hort::dns {
namespace {

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                    void* argument) {
    for (const auto wanted : static_cast<const ProtocolOffer*>(argument)->protocols)
        for (unsigned at = 0; !wanted.empty() && at < in_size && at + 1 + in[at] <= in_size; at += 1 + in[at]) {
            const std::string_view offered(reinterpret_cast<const char*>(in + at + 1), in[at]);
            if (offered != wanted) continue;
            *out = in + at + 1;
            *out_size = in[at];
            return SSL_TLSEXT_ERR_OK;
        }
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // nothing that is spoken here (RFC 7301 section 3.2)
}

}  // namespace

Result<TlsContext> read_certificate(const std::string& certificate, const std::string& key,
                                    const ProtocolOffer& offer) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    error_code fault;
    context->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, fault);
    context->use_certificate_chain_file(certificate, fault);
    if (fault) return Error{"the certificate cannot be used: " + fault.message(), certificate, {}};
    context->use_private_key_file(key, asio::ssl::context::pem, fault);
    if (fault) return Error{"the key cannot be used: " + fault.message(), key, {}};
    SSL_CTX_set_alpn_select_cb(context->native_handle(), choose_protocol, const_cast<ProtocolOffer*>(&offer));
    return context;
}

}  // namespace hort::dns
