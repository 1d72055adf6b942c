#include "platform/neighbours.h"

#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cctype>
#include <cstdio>
#include <cstring>
#include <map>

#include "platform/clock.h"
#include "platform/linux/fd.h"

namespace hort::platform {
namespace {

constexpr std::int64_t known_for = 30;         // seconds
constexpr int max_reads = 64;                  // a second, for addresses that were not there a moment ago
constexpr std::size_t max_neighbours = 16384;  // beyond this the table is somebody's flood

using Table = std::map<AddressBytes, HardwareAddress>;

void read_neighbour(const nlmsghdr& header, Table& table) {
    const auto* entry = static_cast<const ndmsg*>(NLMSG_DATA(&header));
    if ((entry->ndm_state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)) == 0) return;
    AddressBytes address{};
    HardwareAddress hardware{};
    bool has_address = false, has_hardware = false;
    auto left = static_cast<int>(header.nlmsg_len - NLMSG_LENGTH(sizeof *entry));
    const auto* begin = reinterpret_cast<const char*>(entry) + NLMSG_ALIGN(sizeof *entry);
    for (const auto* part = reinterpret_cast<const rtattr*>(begin); RTA_OK(part, left); part = RTA_NEXT(part, left)) {
        const auto size = RTA_PAYLOAD(part);
        if (part->rta_type == NDA_DST && (size == 4 || size == 16)) {
            if (size == 4) address[10] = address[11] = 0xff;
            std::memcpy(address.data() + 16 - size, RTA_DATA(part), size);
            has_address = true;
        } else if (part->rta_type == NDA_LLADDR && size == hardware.size()) {
            std::memcpy(hardware.data(), RTA_DATA(part), size);
            has_hardware = true;
        }
    }
    if (has_address && has_hardware && table.size() < max_neighbours) table[address] = hardware;
}

Table read_table() {
    Table out;
    Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    const timeval limit{0, 200000};
    struct {
        nlmsghdr header;
        ndmsg request;
    } message{};
    message.header.nlmsg_len = sizeof message;
    message.header.nlmsg_type = RTM_GETNEIGH;
    message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    message.request.ndm_family = AF_UNSPEC;
    if (!fd || setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
        send(fd.get(), &message, sizeof message, 0) != sizeof message)
        return out;
    for (;;) {
        alignas(nlmsghdr) char buffer[32768];
        const auto got = recv(fd.get(), buffer, sizeof buffer, 0);
        if (got <= 0) return out;
        auto left = static_cast<unsigned>(got);
        for (const auto* header = reinterpret_cast<const nlmsghdr*>(buffer); NLMSG_OK(header, left);
             header = NLMSG_NEXT(header, left)) {
            if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) return out;
            if (header->nlmsg_type == RTM_NEWNEIGH) read_neighbour(*header, out);
        }
    }
}

}  // namespace

std::optional<HardwareAddress> hardware_address_of(const AddressBytes& address) {
    // Each thread has its own view, so that nobody waits for another.
    thread_local Table table;
    thread_local std::int64_t read_at = -known_for;
    thread_local int reads = 0;  // in the second of the last one
    const auto second = now().boot_seconds;
    if (second != read_at) reads = 0;
    // A device that is new asks at once: it is looked for again each time. Addresses that somebody invents are bounded.
    if (second - read_at >= known_for || (!table.contains(address) && reads < max_reads)) {
        table = read_table();
        read_at = second;
        ++reads;
    }
    const auto it = table.find(address);
    return it == table.end() ? std::nullopt : std::optional(it->second);
}

Result<HardwareAddress> parse_hardware_address(std::string_view text) {
    const Error bad{"not a hardware address", std::string(text.substr(0, 64)), "for example 02:00:5e:10:00:01"};
    HardwareAddress out{};
    if (text.size() != 17) return bad;
    for (std::size_t i = 0; i < 6; ++i) {
        unsigned value = 0;
        for (std::size_t j = 3 * i; j < 3 * i + 2; ++j) {
            const auto c = static_cast<unsigned char>(text[j]);
            if (std::isxdigit(c) == 0) return bad;
            value = value * 16 + static_cast<unsigned>(std::isdigit(c) != 0 ? c - '0' : std::tolower(c) - 'a' + 10);
        }
        if (i < 5 && text[3 * i + 2] != ':' && text[3 * i + 2] != '-') return bad;
        out[i] = static_cast<std::uint8_t>(value);
    }
    return out;
}

std::string hardware_address_text(const HardwareAddress& address) {
    char out[18];
    std::snprintf(out, sizeof out, "%02x:%02x:%02x:%02x:%02x:%02x", address[0], address[1], address[2], address[3],
                  address[4], address[5]);
    return out;
}

}  // namespace hort::platform
