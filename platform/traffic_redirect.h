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

    // Readable when rules of this machine have changed, whoever did that. It stays ours.
    virtual int descriptor() const = 0;
    // Reads what has changed. Whether a table was deleted since the last time, or may have been.
    virtual bool was_table_deleted() = 0;
    // `table`: its family and name, "inet hort".
    virtual bool has_table(const std::string& table) = 0;
};

}  // namespace hort::platform
