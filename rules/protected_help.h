// Protected help: helplines and reporting hotlines, which stay reachable whatever the rules say, and whose use
// leaves no trace. The data with its sources: rules/data/protected_help.json.
#pragma once

#include <string>
#include <vector>

#include "rules/host_map.h"

namespace hort {

class ProtectedHelp {
  public:
    // Reads the JSON of rules/data/protected_help.json.
    static Result<ProtectedHelp> parse(std::string_view json);
    static const ProtectedHelp& shipped();

    struct Line {
        Hostname host;
        std::string country;  // ISO 3166; "EU", or "-" for the world
        std::string phone;    // empty: none is known
    };
    // The one to name to a child of that country; where none is known, one for everywhere.
    const Line& of_country(std::string_view country) const;

    // Calls `each(Hostname)` for every name.
    template <typename Each>
    void for_each(const Each& each) const {
        for (const auto& line : lines_) each(line.host);
    }
    bool contains(const Hostname& host) const { return hosts_.longest_suffix(host).value != nullptr; }
    std::size_t size() const { return hosts_.size(); }

  private:
    HostMap<bool> hosts_;
    std::vector<Line> lines_;  // in the order of the file
};

}  // namespace hort
