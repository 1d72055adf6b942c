#include "daemon/dns/records.h"

#include <cstring>

namespace hort::dns {

std::size_t skip_plain_name(std::span<const std::uint8_t> packet, std::size_t at) {
    const std::size_t begin = at;
    while (at < packet.size()) {
        const std::size_t octets = packet[at];
        if (octets > 63) return 0;
        at += 1 + octets;
        if (at - begin > 255) return 0;
        if (octets == 0) return at;
    }
    return 0;
}

std::size_t skip_name(std::span<const std::uint8_t> packet, std::size_t at) {
    while (at < packet.size()) {
        const std::size_t octets = packet[at];
        if (octets >= 0xc0) {
            const std::size_t target = at + 1 < packet.size() ? (octets & 0x3f) << 8 | packet[at + 1] : at;
            return target < at ? at + 2 : 0;  // a pointer leads back (RFC 1035 section 4.1.4)
        }
        if (octets > 63) return 0;
        at += 1 + octets;
        if (octets == 0) return at <= packet.size() ? at : 0;
    }
    return 0;
}

WireName read_name(std::span<const std::uint8_t> packet, std::size_t at) {
    WireName out;
    std::size_t size = 0;
    while (at < packet.size()) {
        const std::size_t octets = packet[at];
        if (octets >= 0xc0) {
            if (at + 1 >= packet.size()) return out;
            const std::size_t target = (octets & 0x3f) << 8 | packet[at + 1];
            // Each pointer leads further back than itself, so that this ends.
            if (target >= at || target < header_size) return out;
            at = target;
            continue;
        }
        if (octets > 63 || at + 1 + octets > packet.size() || size + 1 + octets > 255) return out;
        std::memcpy(out.octets.data() + size, packet.data() + at, 1 + octets);
        size += 1 + octets;
        at += 1 + octets;
        if (octets == 0) {
            out.size = size;
            return out;
        }
    }
    return out;
}

std::optional<Record> read_record(std::span<const std::uint8_t> packet, std::size_t at) {
    Record out{};
    out.begin = at;
    out.fixed = skip_name(packet, at);
    if (out.fixed == 0 || out.fixed + 10 > packet.size()) return std::nullopt;
    out.type = get16(packet, out.fixed);
    out.klass = get16(packet, out.fixed + 2);
    out.ttl = get32(packet, out.fixed + 4);
    out.data = out.fixed + 10;
    out.end = out.data + get16(packet, out.fixed + 8);
    if (out.end > packet.size()) return std::nullopt;
    return out;
}

bool cut(std::span<std::uint8_t> message, std::size_t& size, std::size_t question_end, std::size_t begin,
         std::size_t end) {
    const auto used = message.first(size);
    bool is_free = true;
    for_each_pointer(used, question_end, [&](std::size_t at) {
        const std::size_t target = get16(used, at) & 0x3fff;
        if (at < begin || at >= end) is_free = is_free && (target < begin || target >= end);
    });
    if (!is_free) return false;
    for_each_pointer(used, question_end, [&](std::size_t at) {
        const std::size_t target = get16(used, at) & 0x3fff;
        if (target >= end) put16(used, at, 0xc000 | static_cast<unsigned>(target - (end - begin)));
    });
    std::memmove(message.data() + begin, message.data() + end, size - end);
    size -= end - begin;
    return true;
}

}  // namespace hort::dns
