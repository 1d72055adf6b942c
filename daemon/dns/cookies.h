// DNS cookies (RFC 7873), made as RFC 9018 says: a client that gets its own cookie back knows that nobody forged the
// answer.
//
// Passive; any thread.
#pragma once

#include <openssl/types.h>

#include <memory>

#include "daemon/dns/message.h"
#include "rules/network.h"

namespace hort::dns {

class Cookies {
  public:
    using Secret = std::array<std::uint8_t, 16>;
    explicit Cookies(const Secret& secret);

    // Fills in what goes back to a client that sent a cookie.
    void answer(Question& question, const AddressBytes& client, std::int64_t wall_seconds) const;

  private:
    struct Free {
        void operator()(EVP_MAC_CTX* context) const;
    };
    std::unique_ptr<EVP_MAC_CTX, Free> keyed_;  // copied for each use
};

}  // namespace hort::dns
