#include "platform/packet_io.h"

#include <netinet/in.h>
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

// Room for one IP_PKTINFO or IPV6_PKTINFO message.
struct alignas(cmsghdr) Control {
    std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> bytes;
};

Via read_via(msghdr& header) {
    for (auto* message = CMSG_FIRSTHDR(&header); message != nullptr; message = CMSG_NXTHDR(&header, message)) {
        if (message->cmsg_level == IPPROTO_IP && message->cmsg_type == IP_PKTINFO) {
            in_pktinfo info;
            std::memcpy(&info, CMSG_DATA(message), sizeof info);
            Via out{{}, static_cast<unsigned>(info.ipi_ifindex)};
            out.address[10] = out.address[11] = 0xff;
            std::memcpy(out.address.data() + 12, &info.ipi_spec_dst, 4);
            return out;
        }
        if (message->cmsg_level == IPPROTO_IPV6 && message->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info;
            std::memcpy(&info, CMSG_DATA(message), sizeof info);
            Via out{{}, info.ipi6_ifindex};
            std::memcpy(out.address.data(), &info.ipi6_addr, 16);
            return out;
        }
    }
    return {};
}

void write_via(msghdr& header, Control& control, const Via& via, bool is_v4) {
    if (via.interface == 0) return;
    control = {};
    header.msg_control = control.bytes.data();
    header.msg_controllen = is_v4 ? CMSG_SPACE(sizeof(in_pktinfo)) : CMSG_SPACE(sizeof(in6_pktinfo));
    auto* message = CMSG_FIRSTHDR(&header);
    if (is_v4) {
        message->cmsg_level = IPPROTO_IP;
        message->cmsg_type = IP_PKTINFO;
        message->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
        in_pktinfo info{};
        std::memcpy(&info.ipi_spec_dst, via.address.data() + 12, 4);
        std::memcpy(CMSG_DATA(message), &info, sizeof info);
    } else {
        message->cmsg_level = IPPROTO_IPV6;
        message->cmsg_type = IPV6_PKTINFO;
        message->cmsg_len = CMSG_LEN(sizeof(in6_pktinfo));
        in6_pktinfo info{};
        info.ipi6_ifindex = via.interface;
        std::memcpy(&info.ipi6_addr, via.address.data(), 16);
        std::memcpy(CMSG_DATA(message), &info, sizeof info);
    }
}

class Socket final : public PacketSocket {
  public:
    Socket(Fd fd, const Endpoint& local)
        : fd_(std::move(fd)), local_(local), has_via_(local.is_unspecified()), buffers_(batch_size * Packet::capacity) {
        for (unsigned i = 0; i < batch_size; ++i) {
            packets_[i].data = buffers_.data() + i * Packet::capacity;
            in_vectors_[i] = {packets_[i].data, Packet::capacity};
            prepare(i);
        }
    }

    Endpoint local() const override { return local_; }

    std::span<Packet> receive() override {
        for (;;) {
            // The kernel wrote into as many as it filled.
            for (; used_ > 0; --used_) prepare(used_ - 1);
            const int got = recvmmsg(fd_.get(), messages_.data(), batch_size, MSG_WAITFORONE, nullptr);
            if (is_interrupted_) return {};
            if (got <= 0) continue;  // EINTR, or an ICMP error of an earlier answer: neither ends the service
            used_ = static_cast<unsigned>(got);
            for (int i = 0; i < got; ++i) {
                const bool is_whole = (messages_[i].msg_hdr.msg_flags & MSG_TRUNC) == 0;
                packets_[i].from = from_sockaddr(addresses_[i]);
                packets_[i].size = is_whole ? messages_[i].msg_len : 0;
                packets_[i].reply_size = 0;
                if (has_via_) packets_[i].via = read_via(messages_[i].msg_hdr);
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
            write_via(header, controls_[count], packets_[i].via, local_.is_v4());
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

    void send(const Endpoint& to, const Via& via, std::span<const std::uint8_t> bytes) override {
        sockaddr_storage address;
        const auto size = to_sockaddr(to, address);
        iovec vector{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
        msghdr header{};
        header.msg_name = &address;
        header.msg_namelen = size;
        header.msg_iov = &vector;
        header.msg_iovlen = 1;
        Control control;
        write_via(header, control, via, local_.is_v4());
        sendmsg(fd_.get(), &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    }

    void interrupt() override {
        is_interrupted_ = true;
        shutdown(fd_.get(), SHUT_RDWR);  // wakes a blocked recvmmsg, although it reports ENOTCONN
    }

  private:
    void prepare(unsigned i) {
        auto& header = messages_[i].msg_hdr;
        header = {};
        header.msg_name = &addresses_[i];
        header.msg_namelen = sizeof addresses_[i];
        header.msg_iov = &in_vectors_[i];
        header.msg_iovlen = 1;
        if (!has_via_) return;
        header.msg_control = controls_[i].bytes.data();
        header.msg_controllen = controls_[i].bytes.size();
    }

    Fd fd_;
    Endpoint local_;
    const bool has_via_;
    std::atomic<bool> is_interrupted_ = false;
    std::vector<std::uint8_t> buffers_;
    unsigned received_ = 0, used_ = 0;  // packets of the last batch that wait for an answer; messages to prepare anew
    std::array<Packet, batch_size> packets_{};
    std::array<sockaddr_storage, batch_size> addresses_{};
    std::array<iovec, batch_size> in_vectors_{}, out_vectors_{};
    std::array<mmsghdr, batch_size> messages_{}, replies_{};
    std::array<Control, batch_size> controls_{};
};

}  // namespace

Result<std::unique_ptr<PacketSocket>> PacketSocket::bind(const Endpoint& local, bool is_shared) {
    sockaddr_storage address;
    auto size = to_sockaddr(local, address);
    Fd fd(socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const int one = 1, receive_buffer = 4 << 20;
    if (fd && address.ss_family == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (fd) setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (fd && is_shared) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (fd && local.is_unspecified()) {
        const bool is_v4 = address.ss_family == AF_INET;
        setsockopt(fd.get(), is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_PKTINFO : IPV6_RECVPKTINFO, &one,
                   sizeof one);
    }
    if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0)
        return Error{std::string("cannot listen for DNS over UDP: ") + std::strerror(errno), local.text(),
                     errno == EADDRINUSE ? "another program uses the port; choose another with --dns" : ""};
    size = sizeof address;
    getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return std::unique_ptr<PacketSocket>(std::make_unique<Socket>(std::move(fd), from_sockaddr(address)));
}

}  // namespace hort::platform
