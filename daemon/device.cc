#include "daemon/device.h"

#include <algorithm>

#include "platform/neighbours.h"
#include "rules/ascii.h"

namespace hort {

std::string client_id_of(std::string_view text) {
    if (text.empty() || text.size() > 63) return {};
    std::string out;
    for (const char c : text) {
        const char low = lower(c);
        if ((low < 'a' || low > 'z') && (low < '0' || low > '9') && low != '-') return {};
        out += low;
    }
    return out;
}

Result<Device> Device::parse(const std::string& text) {
    Device out;
    if (const auto hardware = platform::parse_hardware_address(text)) {
        out.kind = Kind::hardware;
        out.hardware = *hardware;
        out.text = platform::hardware_address_text(*hardware);
        return out;
    }
    if (text.find_first_of(".:/") != std::string::npos) {
        const auto network = parse_network(text);
        if (!network) return network.error();
        out.network = *network;
        out.text = platform::address_text(network->address);
        if (network->bits < 128) {
            out.kind = Kind::network;
            const bool has_v4_bits = is_v4(network->address) && network->bits >= 96;
            out.text += "/" + std::to_string(has_v4_bits ? network->bits - 96 : network->bits);
        }
        return out;
    }
    out.kind = Kind::client_id;
    out.text = client_id_of(text);
    // A number alone is rather an address that was cut short.
    if (out.text.empty() || std::all_of(out.text.begin(), out.text.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return Error{"not a device", text.substr(0, 64),
                     "expected an address (192.168.1.20), a network (10.7.0.0/16), a hardware address "
                     "(02:00:5e:10:00:01) or the id that its encrypted DNS names (mia-phone)"};
    return out;
}

}  // namespace hort
