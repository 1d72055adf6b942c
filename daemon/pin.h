// The guardian's PIN: kept as a scrypt hash (RFC 7914), tried at most five times before each further try has to wait.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/store/people.h"

namespace hort {

// "SALT:HASH" in hexadecimal digits. Takes some 100 ms and 32 MiB, on purpose.
std::string hash_of_pin(const std::string& pin, const std::string& salt);
bool is_pin(const std::string& pin, const std::string& kept);
// Four to 32 octets, no control characters.
Status check_new_pin(const std::string& pin);

// How often an account tried in vain; survives restarts.
class PinAttempts {
  public:
    static constexpr int free_tries = 5;

    explicit PinAttempts(store::Database& database) : database_(database) {}
    // Before a try. Refused while the account has to wait; otherwise the try counts as failed until it succeeded.
    Status begin(const std::string& account, std::int64_t now);
    void succeeded(const std::string& account);

  private:
    store::Database& database_;
};

}  // namespace hort
