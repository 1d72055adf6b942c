// Whose socket it is: the OS account that owns a local client's socket, asked from the kernel.
#pragma once

#include <cstdint>
#include <optional>

#include "platform/endpoint.h"

namespace hort::platform {

enum class Transport : std::uint8_t { udp, tcp };

// The uid that owns the socket at `client`, which talks to `server`, both on this machine. Empty when the kernel
// knows no such socket (any more). One netlink round trip, some microseconds; from any thread.
std::optional<std::uint32_t> socket_owner(Transport transport, const Endpoint& client, const Endpoint& server);

// Whether it is an address of this machine, loopback or of an interface: who speaks from there is here. What the
// interfaces have is looked up at most once a second; from any thread.
bool is_of_this_machine(const AddressBytes& address);

}  // namespace hort::platform
