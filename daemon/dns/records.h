// The records of a DNS message (RFC 1035 section 4.1.3): read, walked, and cut out in place.
//
// Passive, no allocation; everything here faces hostile input.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace hort::dns {

// Of a message's third octet, and of its fourth (RFC 1035 section 4.1.1, RFC 4035 section 3).
inline constexpr std::uint8_t flag_qr = 0x80, flag_aa = 0x04, flag_tc = 0x02, flag_rd = 0x01;
inline constexpr std::uint8_t flag_ra = 0x80, flag_ad = 0x20, flag_cd = 0x10;
// Options of an OPT record (RFC 7873, RFC 7830, RFC 8914).
inline constexpr std::uint16_t option_cookie = 10, option_padding = 12, option_error = 15;

// TTLs with the highest bit set count as 0 (RFC 2181 section 8).
inline std::uint32_t sane_ttl(std::uint32_t ttl) { return ttl > 0x7fffffff ? 0 : ttl; }

inline constexpr std::size_t header_size = 12;

namespace type {
inline constexpr std::uint16_t a = 1, ns = 2, cname = 5, soa = 6, ptr = 12, hinfo = 13, mx = 15, txt = 16, rp = 17,
                               afsdb = 18, rt = 21, aaaa = 28, srv = 33, dname = 39, opt = 41, rrsig = 46, svcb = 64,
                               https = 65, ixfr = 251, axfr = 252, any = 255;
}

inline std::uint16_t get16(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
inline std::uint32_t get32(std::span<const std::uint8_t> bytes, std::size_t at) {
    return std::uint32_t{get16(bytes, at)} << 16 | get16(bytes, at + 2);
}
inline void put16(std::span<std::uint8_t> bytes, std::size_t at, unsigned value) {
    bytes[at] = static_cast<std::uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(value);
}
inline void put32(std::span<std::uint8_t> bytes, std::size_t at, std::uint32_t value) {
    put16(bytes, at, value >> 16);
    put16(bytes, at + 2, value & 0xffff);
}

// The offset behind an uncompressed name, 0 when it is not one.
std::size_t skip_plain_name(std::span<const std::uint8_t> packet, std::size_t at);
// The offset behind a name that may end in a compression pointer, 0 when it runs out of the packet or points forward.
// The pointer is not followed.
std::size_t skip_name(std::span<const std::uint8_t> packet, std::size_t at);

// A name in uncompressed wire form.
struct WireName {
    std::array<std::uint8_t, 255> octets;
    std::size_t size = 0;  // 0: none
    std::span<const std::uint8_t> view() const { return {octets.data(), size}; }
};
// The name at `at` with its pointers followed; empty when it is broken or longer than 255 octets.
WireName read_name(std::span<const std::uint8_t> packet, std::size_t at);

struct Record {
    std::size_t begin, fixed, data, end;  // offsets: of the record, its type field, its data, behind it
    std::uint16_t type, klass;
    std::uint32_t ttl;
    std::size_t data_size() const { return end - data; }
};
std::optional<Record> read_record(std::span<const std::uint8_t> packet, std::size_t at);

// Calls `each(record, section)` for the records of a message, sections 0 (answer) to 2 (additional), until it returns
// false. `at` is the offset behind the question. False when a record is broken.
template <typename Each>
bool for_each_record(std::span<const std::uint8_t> packet, std::size_t at, Each each) {
    for (int section = 0; section < 3; ++section)
        for (unsigned left = get16(packet, 6 + 2 * static_cast<std::size_t>(section)); left > 0; --left) {
            const auto record = read_record(packet, at);
            if (!record) return false;
            if (!each(*record, section)) return true;
            at = record->end;
        }
    return true;
}

// Calls `each(offset)` for every compression pointer in owner names, and in the data of the types whose names may be
// compressed (RFC 3597 section 4).
template <typename Each>
void for_each_pointer(std::span<const std::uint8_t> packet, std::size_t question_end, Each each) {
    // The offset behind the name.
    const auto of_name = [&](std::size_t at, std::size_t end) {
        while (at < end) {
            if (packet[at] >= 0xc0) {
                if (at + 2 <= end) each(at);
                return at + 2;
            }
            if (packet[at] == 0) return at + 1;
            at += 1 + packet[at];
        }
        return end;
    };
    for_each_record(packet, question_end, [&](const Record& record, int) {
        of_name(record.begin, record.fixed);
        switch (record.type) {
            case type::ns:
            case type::cname:
            case type::ptr:
            case type::dname:
            case 3:
            case 4:
            case 7:
            case 8:
            case 9:  // MD, MF, MB, MG, MR
                of_name(record.data, record.end);
                break;
            case type::soa:
            case 14:  // MINFO
            case type::rp:
                of_name(of_name(record.data, record.end), record.end);
                break;
            case type::mx:
            case type::afsdb:
            case type::rt:
                of_name(record.data + 2, record.end);
                break;
            case type::srv:
                of_name(record.data + 6, record.end);
                break;
            default:
                break;
        }
        return true;
    });
}

// Takes the octets [begin, end) out of the first `size` octets of a message and makes the compression pointers behind
// them fit again. The caller has set lengths and counts to what they are without those octets only afterwards: the
// records are walked before. False, and nothing is changed, when a pointer leads into what would go.
bool cut(std::span<std::uint8_t> message, std::size_t& size, std::size_t question_end, std::size_t begin,
         std::size_t end);

}  // namespace hort::dns
