#include "daemon/dns/message.h"

#include <algorithm>
#include <cstring>

namespace hort::dns {
namespace {

constexpr std::uint8_t flag_qr = 0x80, flag_aa = 0x04, flag_tc = 0x02, flag_rd = 0x01;  // third octet
constexpr std::uint8_t flag_ra = 0x80, flag_ad = 0x20, flag_cd = 0x10;                  // fourth octet

std::uint16_t get16(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
std::uint32_t get32(std::span<const std::uint8_t> bytes, std::size_t at) {
    return std::uint32_t{get16(bytes, at)} << 16 | get16(bytes, at + 2);
}
void put16(std::span<std::uint8_t> bytes, std::size_t at, unsigned value) {
    bytes[at] = static_cast<std::uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(value);
}
void put32(std::span<std::uint8_t> bytes, std::size_t at, std::uint32_t value) {
    put16(bytes, at, value >> 16);
    put16(bytes, at + 2, value & 0xffff);
}

// The offset behind an uncompressed name, 0 when it is not one.
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

// The offset behind a name that may end in a compression pointer, 0 when it runs out of the packet. Where the pointer
// leads matters not: these names are passed on, never followed.
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

struct Record {
    std::size_t begin, fixed, data, end;  // offsets: of the record, its type field, its data, behind it
    std::uint16_t type, klass;
    std::uint32_t ttl;
};

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

// TTLs with the highest bit set count as 0 (RFC 2181 section 8).
std::uint32_t sane_ttl(std::uint32_t ttl) { return ttl > 0x7fffffff ? 0 : ttl; }

void set_header(std::span<std::uint8_t> buffer, const Question& question, std::uint8_t third_flags, std::uint8_t fourth,
                unsigned answers, unsigned authorities, unsigned additionals) {
    put16(buffer, 0, question.id);
    buffer[2] = static_cast<std::uint8_t>(flag_qr | third_flags | (question.recursion_desired ? flag_rd : 0));
    buffer[3] = static_cast<std::uint8_t>(flag_ra | fourth | (question.checking_disabled ? flag_cd : 0));
    put16(buffer, 4, 1);
    put16(buffer, 6, answers);
    put16(buffer, 8, authorities);
    put16(buffer, 10, additionals);
}

// Appends our OPT record (RFC 6891 section 6.1.2) and returns the new size.
std::size_t put_opt(std::span<std::uint8_t> buffer, std::size_t at, const Question& question,
                    std::uint8_t extended_rcode, const ExtendedError* why) {
    buffer[at] = 0;
    put16(buffer, at + 1, type::opt);
    put16(buffer, at + 3, max_udp_payload);
    put32(buffer, at + 5, std::uint32_t{extended_rcode} << 24 | (question.dnssec_ok ? 0x8000u : 0u));
    std::size_t data = at + 11;
    if (why != nullptr) {
        const auto text = why->text.substr(0, 64);
        put16(buffer, data, 15);
        put16(buffer, data + 2, static_cast<unsigned>(2 + text.size()));
        put16(buffer, data + 4, why->code);
        std::memcpy(buffer.data() + data + 6, text.data(), text.size());
        data += 6 + text.size();
    }
    put16(buffer, at + 9, static_cast<unsigned>(data - at - 11));
    return data;
}

}  // namespace

ParsedQuestion parse_question(std::span<const std::uint8_t> packet) {
    ParsedQuestion out;
    if (packet.size() < header_size || (packet[2] & flag_qr) != 0) return out;
    const auto fail = [&](QuestionFault fault) {
        out.fault = fault;
        return out;
    };
    Question& question = out.question;
    question.id = get16(packet, 0);
    question.recursion_desired = (packet[2] & flag_rd) != 0;
    question.checking_disabled = (packet[3] & flag_cd) != 0;
    question.authentic_data = (packet[3] & flag_ad) != 0;
    if ((packet[2] >> 3 & 15) != 0) return fail(QuestionFault::not_implemented);
    if (get16(packet, 4) != 1 || get16(packet, 6) != 0 || get16(packet, 8) != 0)
        return fail(QuestionFault::format_error);

    const std::size_t name_end = skip_plain_name(packet, header_size);
    if (name_end == 0 || name_end + 4 > packet.size()) return fail(QuestionFault::format_error);
    question.name = packet.subspan(header_size, name_end - header_size);
    question.type = get16(packet, name_end);
    question.klass = get16(packet, name_end + 2);
    question.end = name_end + 4;

    std::size_t at = question.end;
    bool is_version_0 = true;
    for (unsigned left = get16(packet, 10); left > 0; --left) {
        const auto record = read_record(packet, at);
        if (!record) return fail(QuestionFault::format_error);
        if (record->type == type::opt) {
            if (question.has_edns || packet[record->begin] != 0) return fail(QuestionFault::format_error);
            question.has_edns = true;
            question.udp_payload = std::max<std::uint16_t>(512, record->klass);
            question.dnssec_ok = (record->ttl & 0x8000) != 0;
            is_version_0 = (record->ttl >> 16 & 0xff) == 0;
        }
        at = record->end;
    }
    if (at != packet.size()) return fail(QuestionFault::format_error);
    return fail(is_version_0 ? QuestionFault::none : QuestionFault::bad_version);
}

std::size_t write_blocked(std::span<std::uint8_t> buffer, const Question& question, std::uint32_t ttl,
                          const ExtendedError& why) {
    const bool is_address = question.type == type::a || question.type == type::aaaa;
    set_header(buffer, question, 0, 0, is_address ? 1 : 0, is_address ? 0 : 1, question.has_edns ? 1 : 0);
    std::size_t at = question.end;
    put16(buffer, at, 0xc000 | header_size);
    put16(buffer, at + 2, is_address ? question.type : type::soa);
    put16(buffer, at + 4, 1);
    put32(buffer, at + 6, ttl);
    if (is_address) {
        const std::size_t octets = question.type == type::a ? 4 : 16;
        put16(buffer, at + 10, static_cast<unsigned>(octets));
        std::memset(buffer.data() + at + 12, 0, octets);
        at += 12 + octets;
    } else {
        // MNAME hort.home.arpa (RFC 8375), RNAME hostmaster there; serial 1, refresh, retry, expire, minimum = ttl.
        static constexpr std::uint8_t names[] = "\4hort\4home\4arpa\0\12hostmaster";
        const std::size_t mname = at + 12;
        std::memcpy(buffer.data() + mname, names, sizeof names - 1);
        std::size_t end = mname + sizeof names - 1;
        put16(buffer, end, 0xc000 | static_cast<unsigned>(mname));
        end += 2;
        for (const std::uint32_t value : {1u, 3600u, 600u, 86400u, static_cast<unsigned>(ttl)})
            put32(buffer, end, value), end += 4;
        put16(buffer, at + 10, static_cast<unsigned>(end - mname));
        at = end;
    }
    return question.has_edns ? put_opt(buffer, at, question, 0, &why) : at;
}

std::size_t write_error(std::span<std::uint8_t> buffer, const Question& question, Rcode rcode,
                        const ExtendedError* why) {
    set_header(buffer, question, 0, static_cast<std::uint8_t>(rcode), 0, 0, question.has_edns ? 1 : 0);
    return question.has_edns ? put_opt(buffer, question.end, question, 0, why) : question.end;
}

std::size_t write_header_only(std::span<std::uint8_t> buffer, Rcode rcode) {
    buffer[2] = static_cast<std::uint8_t>(flag_qr | (buffer[2] & (0x78 | flag_rd)));
    buffer[3] = static_cast<std::uint8_t>(flag_ra | static_cast<std::uint8_t>(rcode));
    std::memset(buffer.data() + 4, 0, 8);
    return header_size;
}

std::size_t write_bad_version(std::span<std::uint8_t> buffer, const Question& question) {
    set_header(buffer, question, 0, 0, 0, 0, 1);
    return put_opt(buffer, question.end, question, 1, nullptr);  // BADVERS is 16: 1 above the header's four bits
}

std::optional<Answer> accept_answer(std::span<std::uint8_t> packet, const Question& question, std::uint16_t id) {
    if (packet.size() < question.end || get16(packet, 0) != id || (packet[2] & flag_qr) == 0 ||
        (packet[2] >> 3 & 15) != 0)
        return std::nullopt;
    if (get16(packet, 4) != 1) return std::nullopt;
    if (!std::equal(question.name.begin(), question.name.end(), packet.begin() + header_size)) return std::nullopt;
    if (get16(packet, question.end - 4) != question.type || get16(packet, question.end - 2) != question.klass)
        return std::nullopt;

    Answer out;
    out.is_truncated = (packet[2] & flag_tc) != 0;
    out.rcode = packet[3] & 15;
    const unsigned counts[3] = {get16(packet, 6), get16(packet, 8), get16(packet, 10)};
    std::uint32_t lowest = 0x7fffffff;
    std::optional<std::uint32_t> negative;
    std::size_t at = question.end;
    out.size = at;
    unsigned additionals = 0;
    for (int section = 0; section < 3; ++section) {
        for (unsigned i = 0; i < counts[section]; ++i) {
            const auto record = read_record(packet, at);
            if (!record) {
                if (out.is_truncated) return out;  // it will be asked again over TCP
                return std::nullopt;
            }
            at = record->end;
            if (record->type == type::opt && section == 2) {
                if (record->ttl >> 24 != 0) return std::nullopt;  // an extended error such as BADVERS
                // Records behind OPT may hold pointers that would move; they are optional, so they go too.
                put16(packet, 10, additionals);
                out.ttl = negative.value_or(lowest);
                break;
            }
            const auto ttl = sane_ttl(record->ttl);
            lowest = std::min(lowest, ttl);
            if (record->type == type::soa && section == 1 && record->end - record->data >= 22)
                negative = std::min(ttl, sane_ttl(get32(packet, record->end - 4)));  // RFC 2308 section 5
            if (section == 2) ++additionals;
            out.size = at;
        }
    }
    const bool has_answer = counts[0] > 0 && out.rcode == 0;
    if (out.is_truncated || (out.rcode != 0 && out.rcode != 3))
        out.ttl = 0;
    else if (has_answer)
        out.ttl = lowest == 0x7fffffff ? 0 : lowest;
    else
        out.ttl = negative ? std::min(*negative, lowest) : 0;
    return out;
}

std::size_t write_kept_answer(std::span<std::uint8_t> buffer, const Question& question,
                              std::span<const std::uint8_t> kept, std::uint32_t age, std::size_t limit,
                              std::uint32_t ttl_limit) {
    const std::size_t opt_size = question.has_edns ? 11 : 0;
    const std::uint8_t rcode = kept[3] & 15;
    // AD goes to those who asked for it (RFC 6840 section 5.8).
    const auto fourth =
        static_cast<std::uint8_t>(rcode | (question.authentic_data || question.dnssec_ok ? kept[3] & flag_ad : 0));
    if (kept.size() + opt_size > std::min(limit, buffer.size())) {
        set_header(buffer, question, flag_tc, fourth, 0, 0, question.has_edns ? 1 : 0);
        return question.has_edns ? put_opt(buffer, question.end, question, 0, nullptr) : question.end;
    }
    const unsigned counts[3] = {get16(kept, 6), get16(kept, 8), get16(kept, 10)};
    set_header(buffer, question, kept[2] & flag_aa, fourth, counts[0], counts[1],
               counts[2] + (question.has_edns ? 1 : 0));
    std::memcpy(buffer.data() + question.end, kept.data() + question.end, kept.size() - question.end);
    if (age > 0 || ttl_limit < no_ttl_limit) {
        std::size_t at = question.end;
        const auto out = buffer.first(kept.size());
        for (unsigned left = counts[0] + counts[1] + counts[2]; left > 0; --left) {
            const auto record = read_record(out, at);
            if (!record) break;
            const auto ttl = sane_ttl(record->ttl);
            put32(out, record->fixed + 4, std::min(ttl > age ? ttl - age : 0, ttl_limit));
            at = record->end;
        }
    }
    return question.has_edns ? put_opt(buffer, kept.size(), question, 0, nullptr) : kept.size();
}

std::size_t write_upstream_query(std::span<std::uint8_t> buffer, const Question& question, std::uint16_t id) {
    std::memset(buffer.data(), 0, header_size);
    put16(buffer, 0, id);
    buffer[2] = flag_rd;
    buffer[3] =
        static_cast<std::uint8_t>((question.checking_disabled ? flag_cd : 0) | (question.authentic_data ? flag_ad : 0));
    put16(buffer, 4, 1);
    put16(buffer, 10, 1);
    std::memcpy(buffer.data() + header_size, question.name.data(), question.name.size());
    put16(buffer, question.end - 4, question.type);
    put16(buffer, question.end - 2, question.klass);
    return put_opt(buffer, question.end, question, 0, nullptr);
}

std::size_t write_query(std::span<std::uint8_t> buffer, std::string_view host, std::uint16_t type) {
    std::memset(buffer.data(), 0, header_size);
    buffer[2] = flag_rd;
    buffer[5] = 1;
    std::size_t at = header_size;
    while (!host.empty()) {
        const auto label = host.substr(0, host.find('.'));
        buffer[at++] = static_cast<std::uint8_t>(label.size());
        std::memcpy(buffer.data() + at, label.data(), label.size());
        at += label.size();
        host.remove_prefix(std::min(host.size(), label.size() + 1));
    }
    buffer[at++] = 0;
    put16(buffer, at, type);
    put16(buffer, at + 2, 1);
    return at + 4;
}

std::vector<std::array<std::uint8_t, 16>> addresses_in(std::span<const std::uint8_t> answer) {
    std::vector<std::array<std::uint8_t, 16>> out;
    if (answer.size() < header_size) return out;
    std::size_t at = skip_plain_name(answer, header_size);
    if (at == 0) return out;
    at += 4;
    for (unsigned left = get16(answer, 6); left > 0; --left) {
        const auto record = read_record(answer, at);
        if (!record) break;
        at = record->end;
        const std::size_t octets = record->end - record->data;
        std::array<std::uint8_t, 16> address{};
        if (record->type == type::a && octets == 4) {
            address[10] = address[11] = 0xff;
            std::memcpy(address.data() + 12, answer.data() + record->data, 4);
        } else if (record->type == type::aaaa && octets == 16) {
            std::memcpy(address.data(), answer.data() + record->data, 16);
        } else {
            continue;
        }
        out.push_back(address);
    }
    return out;
}

}  // namespace hort::dns
