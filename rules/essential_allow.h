// The essential allow-list: names that no list may block, with all below them: advice and health, education, system
// updates, captive-portal checks, certificates, time. The data with its sources: rules/data/essential_allow.json.
//
// It speaks about lists only: a guardian's own rule and the clock still hold. What holds against those, too, is
// protected help.
#pragma once

#include <string>

#include "rules/host_map.h"

namespace hort {

class EssentialAllow {
  public:
    // Reads the JSON of rules/data/essential_allow.json.
    static Result<EssentialAllow> parse(std::string_view json);
    static const EssentialAllow& shipped();

    bool contains(const Hostname& host) const { return hosts_.longest_suffix(host).value != nullptr; }
    // What a machine needs (updates, certificates, captive-portal checks, time), whoever sits before it.
    bool is_for_machines(const Hostname& host) const;
    // Calls `each(Hostname)` for every name.
    template <typename Each>
    void for_each(const Each& each) const {
        hosts_.for_each([&](const Hostname& host, const std::string&) { each(host); });
    }
    std::size_t size() const { return hosts_.size(); }

  private:
    HostMap<std::string> hosts_;  // its kind: "updates", "health", ...
};

}  // namespace hort
