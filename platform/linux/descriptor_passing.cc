#include "platform/linux/descriptor_passing.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace hort::platform {

bool send_all(int socket, std::string_view octets, int descriptor) {
    for (std::size_t at = 0; at < octets.size();) {
        iovec part{const_cast<char*>(octets.data()) + at, octets.size() - at};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        if (descriptor >= 0 && at == 0) {
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            auto* head = CMSG_FIRSTHDR(&message);
            head->cmsg_level = SOL_SOCKET;
            head->cmsg_type = SCM_RIGHTS;
            head->cmsg_len = CMSG_LEN(sizeof(int));
            std::memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
        }
        const auto sent = sendmsg(socket, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        at += static_cast<std::size_t>(sent);
    }
    return true;
}

ssize_t receive(int socket, void* into, std::size_t size, Fd* descriptor, int flags) {
    iovec part{into, size};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    if (descriptor != nullptr) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
    }
    ssize_t got = -1;
    do got = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    for (auto* head = got > 0 ? CMSG_FIRSTHDR(&message) : nullptr; head != nullptr; head = CMSG_NXTHDR(&message, head))
        if (head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
            head->cmsg_len == CMSG_LEN(sizeof(int))) {
            int given = -1;
            std::memcpy(&given, CMSG_DATA(head), sizeof given);
            *descriptor = Fd(given);
        }
    return got;
}

}  // namespace hort::platform
