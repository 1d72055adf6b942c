// Octets over a local stream socket, and a descriptor with them (SCM_RIGHTS, unix(7)).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string_view>

#include "platform/linux/fd.h"

namespace hort::platform {

// Sends all, and the descriptor with the first octet; -1: none. False: errno says why.
bool send_all(int socket, std::string_view octets, int descriptor = -1);

// At most so many octets; what it has got, 0 at the end, -1 on an error or when there is nothing now (MSG_DONTWAIT in
// `flags`). `descriptor`: takes one that comes with them; of more the kernel closes the rest, and all where it is null.
ssize_t receive(int socket, void* into, std::size_t size, Fd* descriptor, int flags);

}  // namespace hort::platform
