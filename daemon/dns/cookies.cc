#include "daemon/dns/cookies.h"

#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstring>
#include <stdexcept>

namespace hort::dns {

void Cookies::Free::operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }

Cookies::Cookies(const Secret& secret) {
    EVP_MAC* siphash = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
    keyed_.reset(EVP_MAC_CTX_new(siphash));
    EVP_MAC_free(siphash);
    std::size_t octets = 8;
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_size_t("size", &octets), OSSL_PARAM_construct_end()};
    if (!keyed_ || EVP_MAC_init(keyed_.get(), secret.data(), secret.size(), parameters) != 1)
        throw std::runtime_error("OpenSSL has no SipHash");
}

void Cookies::answer(Question& question, const AddressBytes& client, std::int64_t wall_seconds) const {
    // Version 1, three reserved octets, the time, and the hash over all of it and the client (RFC 9018 section 4).
    auto& out = question.server_cookie;
    out = {1};
    put32(out, 4, static_cast<std::uint32_t>(wall_seconds));
    std::array<std::uint8_t, 8 + 8 + 16> input;
    std::memcpy(input.data(), question.client_cookie.data(), 8);
    std::memcpy(input.data() + 8, out.data(), 8);
    std::memcpy(input.data() + 16, client.data(), 16);
    const std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_dup(keyed_.get()));
    std::size_t written = 0;
    if (!context || EVP_MAC_update(context.get(), input.data(), input.size()) != 1 ||
        EVP_MAC_final(context.get(), out.data() + 8, &written, 8) != 1)
        question.has_cookie = false;
}

}  // namespace hort::dns
