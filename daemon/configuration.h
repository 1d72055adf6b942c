// Where hortd listens, asks, and keeps things: from the command line and DIR/hort.json.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/dns/settings.h"
#include "daemon/proxy/settings.h"
#include "platform/endpoint.h"

namespace hort {

struct Configuration {
    std::string data;     // folder of everything that is kept
    std::string lists;    // folder of the lists; DATA/lists unless given
    std::string control;  // the control socket; DATA/control.sock unless given
    dns::Settings dns;
    proxy::Settings proxy;
    bool is_enforcing = false;         // the traffic of supervised accounts of this machine is led to DNS and proxy
    std::vector<std::string> gateway;  // interfaces to devices of the house, whose traffic is led there, too
    // Where programs are looked for that children may not start, beside those in their homes.
    std::vector<std::string> program_folders{"/usr/local/bin",   "/usr/bin",  "/usr/games",
                                             "/usr/local/games", "/snap/bin", "/opt/bin"};
    bool fails_closed = true;               // what the firewall does while there is no daemon
    std::optional<platform::Endpoint> web;  // metrics, for this machine; none unless it is configured

    // Tells daemons on one machine apart (platform/process_hold.h).
    std::string instance() const { return std::to_string(std::hash<std::string>()(data)); }
};

// Reads the command line, then DATA/hort.json (JSON with comments) for what the command line does not say.
// An empty optional: --help or --version was answered on standard output.
Result<std::optional<Configuration>> read_configuration(const std::vector<std::string>& arguments);

// The pieces, for tests.
Status apply_config_text(Configuration& configuration, const std::string& text, const std::string& path);
// The first usable name server of a resolv.conf(5).
std::optional<platform::Endpoint> upstream_of_resolv_conf(const std::string& text,
                                                          const std::vector<platform::Endpoint>& own);

}  // namespace hort
