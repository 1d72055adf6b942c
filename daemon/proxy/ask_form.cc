#include "daemon/proxy/ask_form.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>

#include "rules/request_target.h"

namespace hort::proxy {
namespace {

std::string hex_of(const unsigned char* octets, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
        char hex[3];
        std::snprintf(hex, sizeof hex, "%02x", octets[i]);
        out += hex;
    }
    return out;
}

std::string signature(const std::string& key, std::int64_t person, std::string_view site, std::string_view until) {
    const auto text = std::to_string(person) + "\n" + std::string(site) + "\n" + std::string(until);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), digest, &size);
    return hex_of(digest, size);
}

}  // namespace

std::string AskTokens::make(std::int64_t person, std::string_view site, std::int64_t now) const {
    const auto until = std::to_string(now + valid_seconds);
    return until + "-" + signature(key_, person, site, until);
}

bool AskTokens::is_valid(std::string_view token, std::int64_t person, std::string_view site, std::int64_t now) const {
    const auto until = token.substr(0, token.find('-'));
    std::int64_t end = 0;
    const auto read = std::from_chars(until.data(), until.data() + until.size(), end);
    if (read.ec != std::errc() || end < now || until.size() + 1 >= token.size()) return false;
    const auto wanted = signature(key_, person, site, until);
    const auto given = token.substr(until.size() + 1);
    return given.size() == wanted.size() && CRYPTO_memcmp(given.data(), wanted.data(), wanted.size()) == 0;
}

std::optional<AskForm> parse_ask_form(std::string_view body) {
    AskForm out;
    bool has_token = false;
    const auto target = "?" + std::string(body);
    for (const auto& [name, value] : query_parameters(target)) {
        const auto text = percent_decoded(value, true);
        if (name == "token") {
            out.token = text;
            has_token = true;
        } else if (name == "site") {
            out.site = text;
        } else if (name == "why") {
            out.why = text.substr(0, 200);
            // Half of a character at the end is none.
            while (!out.why.empty() && text.size() > 200 && (out.why.back() & 0xc0) == 0x80) out.why.pop_back();
            if (text.size() > 200 && !out.why.empty() && (out.why.back() & 0x80) != 0) out.why.pop_back();
            std::replace_if(
                out.why.begin(), out.why.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
        } else if (name == "minutes") {
            const auto read = std::from_chars(text.data(), text.data() + text.size(), out.minutes);
            if (read.ec != std::errc() || out.minutes < 1 || out.minutes > 240) return std::nullopt;
        }
    }
    return has_token ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace hort::proxy
