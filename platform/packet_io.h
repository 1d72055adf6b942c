// PacketSocket: datagrams in batches, answered from the buffers that they came in.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "platform/endpoint.h"
#include "rules/result.h"

namespace hort::platform {

// Which of this machine's addresses a datagram came to, where the socket is bound to all of them: the answer has to
// come from there.
struct Via {
    AddressBytes address{};
    unsigned interface = 0;  // its number; 0: the socket is bound to one address
};

struct Packet {
    static constexpr std::size_t capacity = 4096;
    Endpoint from;
    Via via;
    std::uint8_t* data = nullptr;  // `capacity` bytes, of which `size` were received
    std::size_t size = 0;
    std::size_t reply_size = 0;  // set by the user: how many bytes of `data` go back; 0: no answer
};

class PacketSocket {
  public:
    virtual ~PacketSocket() = default;
    // `is_shared`: several sockets may be bound to the same address, and the kernel gives each client to one of them.
    static Result<std::unique_ptr<PacketSocket>> bind(const Endpoint& local, bool is_shared = false);

    virtual Endpoint local() const = 0;
    // Blocks until at least one datagram is there. Empty: interrupt() was called. One thread only.
    virtual std::span<Packet> receive() = 0;
    // Sends what receive() gave and reply_size marks. The same thread as receive().
    virtual void send_replies() = 0;
    // Sends one datagram; from any thread. What the kernel does not take at once is dropped.
    virtual void send(const Endpoint& to, const Via& via, std::span<const std::uint8_t> bytes) = 0;
    // Makes receive() return for good; from any thread.
    virtual void interrupt() = 0;
};

}  // namespace hort::platform
