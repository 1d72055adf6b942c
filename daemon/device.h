// Device: how a person's device is told apart from others, as people write it.
#pragma once

#include <string>

#include "rules/policy.h"

namespace hort {

struct Device {
    enum class Kind : std::uint8_t {
        address,    // 192.168.1.20, fd00::20
        network,    // 10.7.0.0/16: whoever is in it
        hardware,   // 02:00:5e:10:00:01, of its network interface
        client_id,  // mia-phone, that its encrypted DNS names
    };
    Kind kind = Kind::address;
    std::string text;  // in its one form
    Network network;   // of an address or a network
    HardwareAddress hardware{};

    static Result<Device> parse(const std::string& text);
};

// A client id in its one form: letters, digits and '-', at most 63 of them. Empty when it is none.
std::string client_id_of(std::string_view text);

}  // namespace hort
