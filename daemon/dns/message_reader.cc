#include <algorithm>
#include <cstring>

#include "daemon/dns/message.h"

namespace hort::dns {
namespace {

// The options of an OPT record that matter here; what is behind one that is not whole is not read. False for a cookie
// that is none.
bool read_options(std::span<const std::uint8_t> packet, const Record& opt, Question& question) {
    std::size_t at = opt.data;
    while (at < opt.end) {
        if (at + 4 > opt.end) break;
        const auto code = get16(packet, at);
        const std::size_t octets = get16(packet, at + 2);
        at += 4;
        if (at + octets > opt.end) break;
        if (code == option_cookie) {
            // A client cookie of 8 octets, alone or with a server cookie of 8 to 32 (RFC 7873 section 4).
            if (octets != 8 && (octets < 16 || octets > 40)) return false;
            question.has_cookie = true;
            std::memcpy(question.client_cookie.data(), packet.data() + at, 8);
        }
        if (code == option_padding) question.is_padded = true;
        at += octets;
    }
    return true;
}

bool is_same_name(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
    const auto fold = [](std::uint8_t c) { return static_cast<std::uint8_t>(c >= 'A' && c <= 'Z' ? c + 32 : c); };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](std::uint8_t x, std::uint8_t y) { return fold(x) == fold(y); });
}

// The error in an upstream's OPT record, if it sent one.
std::optional<ExtendedError> error_in(std::span<const std::uint8_t> packet, const Record& opt) {
    for (std::size_t at = opt.data; at + 4 <= opt.end;) {
        const std::size_t octets = get16(packet, at + 2);
        if (at + 4 + octets > opt.end) break;
        if (get16(packet, at) == option_error && octets >= 2)
            return ExtendedError{get16(packet, at + 4),
                                 {reinterpret_cast<const char*>(packet.data()) + at + 6, octets - 2}};
        at += 4 + octets;
    }
    return std::nullopt;
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
    // Nothing but one question and one OPT record; whoever adds more signs what nobody here can check.
    if (get16(packet, 4) != 1 || get16(packet, 6) != 0 || get16(packet, 8) != 0 || get16(packet, 10) > 1 ||
        (packet[2] & flag_tc) != 0)
        return fail(QuestionFault::format_error);

    const std::size_t name_end = skip_plain_name(packet, header_size);
    if (name_end == 0 || name_end + 4 > packet.size()) return fail(QuestionFault::format_error);
    question.name = packet.subspan(header_size, name_end - header_size);
    question.type = get16(packet, name_end);
    question.klass = get16(packet, name_end + 2);
    question.end = name_end + 4;
    // Types that are part of the protocol, or long gone: OPT, TKEY, TSIG, MAILB, MAILA. Nobody can be asked for them.
    for (const std::uint16_t none : {41, 249, 250, 253, 254})
        if (question.type == none) return fail(QuestionFault::format_error);

    std::size_t at = question.end;
    bool is_version_0 = true;
    if (get16(packet, 10) == 1) {
        const auto record = read_record(packet, at);
        if (!record || record->type != type::opt || packet[record->begin] != 0)
            return fail(QuestionFault::format_error);
        question.has_edns = true;
        question.udp_payload = std::max<std::uint16_t>(512, record->klass);
        question.dnssec_ok = (record->ttl & 0x8000) != 0;
        is_version_0 = (record->ttl >> 16 & 0xff) == 0;
        if (is_version_0 && !read_options(packet, *record, question)) return fail(QuestionFault::format_error);
        at = record->end;
    }
    if (at != packet.size()) return fail(QuestionFault::format_error);
    return fail(is_version_0 ? QuestionFault::none : QuestionFault::bad_version);
}

std::optional<Answer> accept_answer(std::span<std::uint8_t> packet, const Question& question, std::uint16_t id,
                                    Mismatch* why) {
    Mismatch ignored;
    auto& mismatch = why != nullptr ? *why : ignored;
    mismatch = Mismatch::other;
    if (packet.size() < header_size || get16(packet, 0) != id || (packet[2] & flag_qr) == 0 ||
        (packet[2] >> 3 & 15) != 0)
        return std::nullopt;
    // Who knows no EDNS may not even repeat the question (RFC 6891 section 7).
    if ((packet[3] & 15) == static_cast<std::uint8_t>(Rcode::format_error) && get16(packet, 4) == 0) {
        Answer out;
        out.size = header_size;
        out.rcode = packet[3] & 15;
        mismatch = Mismatch::none;
        return out;
    }
    if (packet.size() < question.end || get16(packet, 4) != 1) return std::nullopt;
    if (get16(packet, question.end - 4) != question.type || get16(packet, question.end - 2) != question.klass)
        return std::nullopt;
    const auto name = packet.subspan(header_size, question.name.size());
    if (!std::equal(question.name.begin(), question.name.end(), name.begin())) {
        if (is_same_name(question.name, name)) mismatch = Mismatch::spelling;
        return std::nullopt;
    }
    mismatch = Mismatch::none;

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
            // What is truncated will be asked again over TCP.
            if (!record && out.is_truncated) return out;
            if (!record || read_name(packet, record->begin).size == 0) {
                mismatch = Mismatch::other;
                return std::nullopt;
            }
            at = record->end;
            if (record->type == type::opt && section == 2) {
                if (record->ttl >> 24 != 0) {  // an extended error such as BADVERS
                    mismatch = Mismatch::other;
                    return std::nullopt;
                }
                out.error = error_in(packet, *record);
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

namespace {

// Calls `each` with the records of an answer's answer section.
template <typename Each>
void for_each_answer(std::span<const std::uint8_t> answer, const Each& each) {
    if (answer.size() < header_size) return;
    std::size_t at = skip_plain_name(answer, header_size);
    if (at == 0) return;
    at += 4;
    for (unsigned left = get16(answer, 6); left > 0; --left) {
        const auto record = read_record(answer, at);
        if (!record) return;
        at = record->end;
        each(*record);
    }
}

}  // namespace

std::vector<std::array<std::uint8_t, 16>> addresses_in(std::span<const std::uint8_t> answer) {
    std::vector<std::array<std::uint8_t, 16>> out;
    for_each_answer(answer, [&](const Record& record) {
        const std::size_t octets = record.end - record.data;
        std::array<std::uint8_t, 16> address{};
        if (record.type == type::a && octets == 4) {
            address[10] = address[11] = 0xff;
            std::memcpy(address.data() + 12, answer.data() + record.data, 4);
        } else if (record.type == type::aaaa && octets == 16) {
            std::memcpy(address.data(), answer.data() + record.data, 16);
        } else {
            return;
        }
        out.push_back(address);
    });
    return out;
}

std::vector<Hostname> aliases_in(std::span<const std::uint8_t> answer) {
    std::vector<Hostname> out;
    for_each_answer(answer, [&](const Record& record) {
        if (record.type != type::cname && record.type != type::dname) return;
        const auto name = read_name(answer, record.data);
        if (name.size > 1) out.push_back(Hostname::from_wire(name.view()));
    });
    return out;
}

}  // namespace hort::dns
