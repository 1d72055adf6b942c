// LocalRecord: a DNS record that the owner set, as people write it.
#pragma once

#include <string>

#include "rules/network.h"

namespace hort {

struct LocalRecord {
    std::string name;  // "*.lab.home" stands for all below lab.home
    std::string type;  // "A", "AAAA", "CNAME", "PTR", "TXT"
    std::string value;

    // The record in its one form, or what is wrong with it. The name of a PTR may be the address itself.
    static Result<LocalRecord> parse(const std::string& name, const std::string& type, const std::string& value);
};

// "4.3.2.1.in-addr.arpa" of an address.
std::string reverse_name(const AddressBytes& address);

}  // namespace hort
