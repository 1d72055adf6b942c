// What the DNS side is told by hort.json and the command line.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "daemon/dns/cache.h"
#include "daemon/dns/upstream/forwarder_settings.h"
#include "platform/endpoint.h"

namespace hort::dns {

struct Settings {
    std::vector<platform::Endpoint> listen;    // UDP and TCP
    std::vector<platform::Endpoint> dot, doh;  // encrypted, for the other devices of the house
    std::string certificate, key;              // PEM files, for those
    std::string name;                          // in the certificate; "mia-phone.NAME" is the client id "mia-phone"
    std::size_t threads = 1;                   // that answer UDP, for each of `listen`
    UpstreamSettings upstream;
    CacheLimits cache;
    std::uint32_t rate_limit = 500;  // questions per second of one client over UDP; 0: no limit. Not for this machine
    std::string hosts;               // a file of hosts entries; empty: none
    std::vector<Hostname> inside;    // public names that may have private addresses
    std::vector<AddressBytes> page;  // where the block page and the family page are, one of each family at most
};

}  // namespace hort::dns
