// Who is who on the local network: the hardware address of a neighbour, asked from the kernel.
#pragma once

#include <optional>

#include "platform/endpoint.h"

namespace hort::platform {

// The hardware address ("MAC") of the network interface that has this IP address, from the kernel's neighbour table.
// Empty for an address that is behind a router, or nobody's. What is known is asked again after half a minute: an
// address that went over to another device is noticed then. Any thread.
std::optional<HardwareAddress> hardware_address_of(const AddressBytes& address);

// "02:00:5e:10:00:01" or with '-'; the text in its one form is with ':' and lower case.
Result<HardwareAddress> parse_hardware_address(std::string_view text);
std::string hardware_address_text(const HardwareAddress& address);

}  // namespace hort::platform
