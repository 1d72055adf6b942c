#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "rules/signature.h"

namespace hort {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

// A key file must not make OpenSSL ask for a passphrase on the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

Key read_private(const std::string& pem) {
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
    return {PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free};
}

Error no_private_key() {
    return Error{"not a private Ed25519 key", {}, "expected a PEM file that 'hortctl rules keygen' made"};
}

std::string text_of_bio(BIO* bio) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

Result<PublicKey> raw_public(const Key& key) {
    PublicKey out{};
    auto size = out.size();
    if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519 ||
        EVP_PKEY_get_raw_public_key(key.get(), out.data(), &size) != 1 || size != out.size())
        return Error{"not an Ed25519 key", {}, {}};
    return out;
}

}  // namespace

Result<KeyPair> new_key_pair() {
    EVP_PKEY* made = nullptr;
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr), EVP_PKEY_CTX_free);
    if (!context || EVP_PKEY_keygen_init(context.get()) != 1 || EVP_PKEY_keygen(context.get(), &made) != 1)
        return Error{"OpenSSL made no key", {}, {}};
    const Key key(made, EVP_PKEY_free);
    const Bio secret(BIO_new(BIO_s_mem()), BIO_free_all), open(BIO_new(BIO_s_mem()), BIO_free_all);
    if (PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
        PEM_write_bio_PUBKEY(open.get(), key.get()) != 1)
        return Error{"OpenSSL wrote no key", {}, {}};
    return KeyPair{text_of_bio(secret.get()), text_of_bio(open.get())};
}

Result<Signature> sign(std::string_view message, const std::string& private_pem) {
    const auto key = read_private(private_pem);
    if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) return no_private_key();
    const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    Signature out{};
    auto size = out.size();
    if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), out.data(), &size, reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) != 1 ||
        size != out.size())
        return Error{"OpenSSL made no signature", {}, {}};
    return out;
}

Result<PublicKey> public_key_of(const std::string& private_pem) {
    const auto key = read_private(private_pem);
    if (!key) return no_private_key();
    return raw_public(key);
}

bool is_signed_by(std::string_view message, const Signature& signature, const PublicKey& public_key) {
    const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, public_key.data(), public_key.size()),
                  EVP_PKEY_free);
    const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return key && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                            reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
}

Result<PublicKey> parse_public_key(const std::string& text) {
    auto hex = text;
    while (!hex.empty() && (hex.back() == '\n' || hex.back() == '\r' || hex.back() == ' ')) hex.pop_back();
    if (hex.size() == 64 && hex.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos) {
        PublicKey out{};
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = static_cast<std::uint8_t>(std::stoul(hex.substr(2 * i, 2), nullptr, 16));
        return out;
    }
    const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free_all);
    const Key key(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free);
    const auto raw = raw_public(key);
    if (!raw)
        return Error{"not a public Ed25519 key",
                     {},
                     "expected a .pub file that 'hortctl rules keygen' made, or 64 hexadecimal digits"};
    return *raw;
}

std::string text_of(const PublicKey& key) {
    std::string out;
    for (const auto octet : key)
        for (const int digit : {octet >> 4, octet & 15}) out += "0123456789abcdef"[digit];
    return out;
}

}  // namespace hort
