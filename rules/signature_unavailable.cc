// Where there is no OpenSSL (the Windows cross build): nothing is signed, and no signature is accepted.
#include "rules/signature.h"

namespace hort {
namespace {
Error unavailable() { return Error{"signatures are not available on this system", {}, "sign on a Linux machine"}; }
}  // namespace

Result<KeyPair> new_key_pair() { return unavailable(); }
Result<Signature> sign(std::string_view, const std::string&) { return unavailable(); }
Result<PublicKey> public_key_of(const std::string&) { return unavailable(); }
bool is_signed_by(std::string_view, const Signature&, const PublicKey&) { return false; }
Result<PublicKey> parse_public_key(const std::string&) { return unavailable(); }

std::string text_of(const PublicKey& key) {
    std::string out;
    for (const auto octet : key)
        for (const int digit : {octet >> 4, octet & 15}) out += "0123456789abcdef"[digit];
    return out;
}

}  // namespace hort
