#include "platform/packet_io.h"

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <vector>

#include "platform/linux/fd.h"
#include "platform/linux/socket_address.h"

namespace hort::platform {
namespace {

constexpr unsigned batch_size = 64;

class Socket final : public PacketSocket {
  public:
    Socket(Fd fd, const Endpoint& local) : fd_(std::move(fd)), local_(local), buffers_(batch_size * Packet::capacity) {
        for (unsigned i = 0; i < batch_size; ++i) {
            packets_[i].data = buffers_.data() + i * Packet::capacity;
            in_vectors_[i] = {packets_[i].data, Packet::capacity};
        }
    }

    Endpoint local() const override { return local_; }

    std::span<Packet> receive() override {
        for (;;) {
            for (unsigned i = 0; i < batch_size; ++i) {
                messages_[i].msg_hdr = {};
                messages_[i].msg_hdr.msg_name = &addresses_[i];
                messages_[i].msg_hdr.msg_namelen = sizeof addresses_[i];
                messages_[i].msg_hdr.msg_iov = &in_vectors_[i];
                messages_[i].msg_hdr.msg_iovlen = 1;
            }
            const int got = recvmmsg(fd_.get(), messages_.data(), batch_size, MSG_WAITFORONE, nullptr);
            if (is_interrupted_) return {};
            if (got <= 0) continue;  // EINTR, or an ICMP error of an earlier answer: neither ends the service
            for (int i = 0; i < got; ++i) {
                const bool is_whole = (messages_[i].msg_hdr.msg_flags & MSG_TRUNC) == 0;
                packets_[i].from = from_sockaddr(addresses_[i]);
                packets_[i].size = is_whole ? messages_[i].msg_len : 0;
                packets_[i].reply_size = 0;
            }
            received_ = static_cast<unsigned>(got);
            return {packets_.data(), received_};
        }
    }

    void send_replies() override {
        unsigned count = 0;
        for (unsigned i = 0; i < received_; ++i) {
            if (packets_[i].reply_size == 0) continue;
            out_vectors_[count] = {packets_[i].data, packets_[i].reply_size};
            auto& header = replies_[count].msg_hdr;
            header = {};
            header.msg_name = &addresses_[i];
            header.msg_namelen = messages_[i].msg_hdr.msg_namelen;
            header.msg_iov = &out_vectors_[count];
            header.msg_iovlen = 1;
            ++count;
        }
        for (unsigned at = 0; at < count;) {
            const int put = sendmmsg(fd_.get(), replies_.data() + at, count - at, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (put > 0)
                at += static_cast<unsigned>(put);
            else if (errno != EINTR)
                ++at;  // this one cannot be sent; the client asks again
        }
        received_ = 0;
    }

    void send(const Endpoint& to, std::span<const std::uint8_t> bytes) override {
        sockaddr_storage address;
        const auto size = to_sockaddr(to, address);
        sendto(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
               reinterpret_cast<sockaddr*>(&address), size);
    }

    void interrupt() override {
        is_interrupted_ = true;
        shutdown(fd_.get(), SHUT_RDWR);  // wakes a blocked recvmmsg, although it reports ENOTCONN
    }

  private:
    Fd fd_;
    Endpoint local_;
    std::atomic<bool> is_interrupted_ = false;
    std::vector<std::uint8_t> buffers_;
    unsigned received_ = 0;
    std::array<Packet, batch_size> packets_{};
    std::array<sockaddr_storage, batch_size> addresses_{};
    std::array<iovec, batch_size> in_vectors_{}, out_vectors_{};
    std::array<mmsghdr, batch_size> messages_{}, replies_{};
};

}  // namespace

Result<std::unique_ptr<PacketSocket>> PacketSocket::bind(const Endpoint& local) {
    sockaddr_storage address;
    auto size = to_sockaddr(local, address);
    Fd fd(socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const int one = 1, receive_buffer = 4 << 20;
    if (fd && address.ss_family == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (fd) setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0)
        return Error{std::string("cannot listen for DNS over UDP: ") + std::strerror(errno), local.text(),
                     errno == EADDRINUSE ? "another program uses the port; choose another with --dns" : ""};
    size = sizeof address;
    getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return std::unique_ptr<PacketSocket>(std::make_unique<Socket>(std::move(fd), from_sockaddr(address)));
}

}  // namespace hort::platform
