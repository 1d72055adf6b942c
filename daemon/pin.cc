#include "daemon/pin.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>

#include "rules/time_text.h"

namespace hort {

std::string hash_of_pin(const std::string& pin, const std::string& salt) {
    constexpr std::uint64_t cost = 1 << 15, block = 8, parallel = 1, memory = 64 << 20;
    unsigned char key[32];
    if (EVP_PBE_scrypt(pin.data(), pin.size(), reinterpret_cast<const unsigned char*>(salt.data()), salt.size(), cost,
                       block, parallel, memory, key, sizeof key) != 1)
        throw std::runtime_error("scrypt failed");
    std::string out = salt + ":";
    for (const auto byte : key) {
        constexpr char digits[] = "0123456789abcdef";
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

bool is_pin(const std::string& pin, const std::string& kept) {
    const auto tried = hash_of_pin(pin, kept.substr(0, kept.find(':')));
    return tried.size() == kept.size() && CRYPTO_memcmp(tried.data(), kept.data(), kept.size()) == 0;
}

Status check_new_pin(const std::string& pin) {
    if (pin.size() < 4 || pin.size() > 32 ||
        std::any_of(pin.begin(), pin.end(), [](unsigned char c) { return c < 32; }))
        return Error{"a PIN has 4 to 32 characters", {}, "five digits or more are a good one"};
    return Done{};
}

Status PinAttempts::begin(const std::string& account, std::int64_t now) {
    std::int64_t failures = 0, blocked_until = 0;
    auto run = database_.run("SELECT failures, blocked_until FROM pin_attempts WHERE account = ?", {account},
                             [&](const store::Database::Row& row) {
                                 failures = row.integer(0);
                                 blocked_until = row.integer(1);
                             });
    if (!run) return run.error();
    if (blocked_until > now)
        return Error{
            "too many wrong PINs: the next try is possible in " + text_of_duration(blocked_until - now), {}, {}};
    ++failures;
    // A minute after the fifth, then twice as long each time, a day at most.
    if (failures >= free_tries)
        blocked_until = now + std::min<std::int64_t>(86400, 60LL << std::min<std::int64_t>(failures - free_tries, 11));
    run = database_.run("INSERT OR REPLACE INTO pin_attempts (account, failures, blocked_until) VALUES (?, ?, ?)",
                        {account, failures, blocked_until});
    return run ? Status(Done{}) : Status(run.error());
}

void PinAttempts::succeeded(const std::string& account) {
    (void)database_.run("DELETE FROM pin_attempts WHERE account = ?", {account});
}

}  // namespace hort
