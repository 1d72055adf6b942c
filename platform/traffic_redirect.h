// TrafficRedirect: rules of the firewall in one table of our own (nftables), which is replaced as a whole or not at
// all. Nothing of anyone else's is touched.
#pragma once

#include <memory>
#include <string>

#include "rules/result.h"

namespace hort::platform {

class TrafficRedirect {
  public:
    virtual ~TrafficRedirect() = default;
    // Fails where the right to it is missing (CAP_NET_ADMIN), or nftables.
    static Result<std::unique_ptr<TrafficRedirect>> open();

    // Puts the commands in force, in one transaction: on an error nothing has changed. (nft(8) has the language.)
    virtual Status apply(const std::string& commands) = 0;
};

}  // namespace hort::platform
