// Ed25519 signatures (RFC 8032) of bundles, and the keys for them as PEM files (RFC 7468, RFC 8410), so that openssl(1)
// reads them, too.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "rules/result.h"

namespace hort {

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

struct KeyPair {
    std::string private_pem, public_pem;
};

Result<KeyPair> new_key_pair();
// `pem`: a private key.
Result<Signature> sign(std::string_view message, const std::string& private_pem);
Result<PublicKey> public_key_of(const std::string& private_pem);
bool is_signed_by(std::string_view message, const Signature& signature, const PublicKey& key);

// A public key as people pass it on: a PEM file's text, or 64 hexadecimal digits.
Result<PublicKey> parse_public_key(const std::string& text);
std::string text_of(const PublicKey& key);  // 64 hexadecimal digits

}  // namespace hort
