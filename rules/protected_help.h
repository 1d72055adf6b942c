// Protected help: helplines and reporting hotlines, which stay reachable whatever the rules say, and whose use
// leaves no trace. The data with its sources: rules/data/protected_help.json.
#pragma once

#include <string>

#include "rules/host_map.h"

namespace hort {

class ProtectedHelp {
  public:
    // Reads the JSON of rules/data/protected_help.json.
    static Result<ProtectedHelp> parse(std::string_view json);
    static const ProtectedHelp& shipped();

    bool contains(const Hostname& host) const { return hosts_.longest_suffix(host).value != nullptr; }
    std::size_t size() const { return hosts_.size(); }

  private:
    HostMap<bool> hosts_;
};

}  // namespace hort
