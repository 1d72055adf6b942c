#include "daemon/dns/message.h"

#include <algorithm>
#include <cstring>

namespace hort::dns {
namespace {

constexpr std::uint8_t flag_qr = 0x80, flag_aa = 0x04, flag_tc = 0x02, flag_rd = 0x01;  // third octet
constexpr std::uint8_t flag_ra = 0x80, flag_ad = 0x20, flag_cd = 0x10;                  // fourth octet
constexpr std::uint16_t option_cookie = 10, option_padding = 12, option_error = 15;
constexpr std::uint32_t alias_ttl = 300;  // seconds that an alias of ours is known for at most
constexpr std::size_t block_size = 468;   // answers are padded to a multiple of it (RFC 8467 section 4.1)

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
    const auto begin_option = [&](unsigned code, std::size_t octets) {
        put16(buffer, data, code);
        put16(buffer, data + 2, static_cast<unsigned>(octets));
        data += 4;
    };
    if (why != nullptr) {
        const auto text = why->text.substr(0, 64);
        begin_option(option_error, 2 + text.size());
        put16(buffer, data, why->code);
        std::memcpy(buffer.data() + data + 2, text.data(), text.size());
        data += 2 + text.size();
    }
    if (question.has_cookie) {
        begin_option(option_cookie, 24);
        std::memcpy(buffer.data() + data, question.client_cookie.data(), 8);
        std::memcpy(buffer.data() + data + 8, question.server_cookie.data(), 16);
        data += 24;
    }
    if (question.is_padded && buffer.size() - data > block_size + 4) {
        const std::size_t padding = (block_size - (data + 4) % block_size) % block_size;
        begin_option(option_padding, padding);
        std::memset(buffer.data() + data, 0, padding);
        data += padding;
    }
    put16(buffer, at + 9, static_cast<unsigned>(data - at - 11));
    return data;
}

// How many octets put_opt writes at most, padding aside.
std::size_t opt_size(const Question& question, const ExtendedError* why) {
    if (!question.has_edns) return 0;
    return 11 + (why != nullptr ? 6 + std::min<std::size_t>(why->text.size(), 64) : 0) + (question.has_cookie ? 28 : 0);
}

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

// Appends a SOA record of our own for the name at `owner` (RFC 2308 section 3) and returns the offset behind it.
std::size_t put_soa(std::span<std::uint8_t> buffer, std::size_t at, std::uint32_t ttl) {
    put16(buffer, at, 0xc000 | header_size);
    put16(buffer, at + 2, type::soa);
    put16(buffer, at + 4, 1);
    put32(buffer, at + 6, ttl);
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
    return end;
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

// The header and sections of `kept` as they go to the client of `question`.
void set_kept_header(std::span<std::uint8_t> buffer, const Question& question, std::span<const std::uint8_t> kept,
                     unsigned more_answers) {
    // AD goes to those who asked for it (RFC 6840 section 5.8).
    const auto fourth = static_cast<std::uint8_t>(
        (kept[3] & 15) | (question.authentic_data || question.dnssec_ok ? kept[3] & flag_ad : 0));
    set_header(buffer, question, kept[2] & flag_aa, fourth, get16(kept, 6) + more_answers, get16(kept, 8),
               get16(kept, 10) + (question.has_edns ? 1 : 0));
}

std::size_t write_truncated(std::span<std::uint8_t> buffer, const Question& question,
                            std::span<const std::uint8_t> kept, const ExtendedError* error) {
    const auto fourth = static_cast<std::uint8_t>(
        (kept[3] & 15) | (question.authentic_data || question.dnssec_ok ? kept[3] & flag_ad : 0));
    set_header(buffer, question, static_cast<std::uint8_t>(flag_tc | (kept[2] & flag_aa)), fourth, 0, 0,
               question.has_edns ? 1 : 0);
    return question.has_edns ? put_opt(buffer, question.end, question, 0, error) : question.end;
}

// Takes `age` from the TTLs of the records behind `at`, and caps them.
void age_records(std::span<std::uint8_t> message, std::size_t at, const KeptForm& form) {
    if (form.age == 0 && form.ttl_limit == no_ttl_limit) return;
    for_each_record(message, at, [&](const Record& record, int) {
        const auto ttl = sane_ttl(record.ttl);
        put32(message, record.fixed + 4, std::min(ttl > form.age ? ttl - form.age : 0, form.ttl_limit));
        return true;
    });
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

std::size_t write_records(std::span<std::uint8_t> buffer, const Question& question, std::span<const OwnRecord> records,
                          std::uint32_t ttl) {
    std::size_t at = question.end;
    unsigned count = 0;
    for (const auto& [type, data] : records) {
        if (at + 12 + data.size() + opt_size(question, nullptr) > buffer.size()) break;
        put16(buffer, at, 0xc000 | header_size);
        put16(buffer, at + 2, type);
        put16(buffer, at + 4, 1);
        put32(buffer, at + 6, ttl);
        put16(buffer, at + 10, static_cast<unsigned>(data.size()));
        std::memcpy(buffer.data() + at + 12, data.data(), data.size());
        at += 12 + data.size();
        ++count;
    }
    set_header(buffer, question, 0, 0, count, 0, question.has_edns ? 1 : 0);
    return question.has_edns ? put_opt(buffer, at, question, 0, nullptr) : at;
}

std::size_t write_any(std::span<std::uint8_t> buffer, const Question& question) {
    using namespace std::string_view_literals;
    constexpr std::uint32_t ttl = 3600;
    const OwnRecord record{type::hinfo, "\7RFC8482\0"sv};  // CPU "RFC8482", OS ""
    return write_records(buffer, question, {&record, 1}, ttl);
}

std::size_t write_negative(std::span<std::uint8_t> buffer, const Question& question, Rcode rcode, std::uint32_t ttl,
                           const ExtendedError* why) {
    set_header(buffer, question, 0, static_cast<std::uint8_t>(rcode), 0, 1, question.has_edns ? 1 : 0);
    const auto end = put_soa(buffer, question.end, ttl);
    return question.has_edns ? put_opt(buffer, end, question, 0, why) : end;
}

std::size_t write_blocked(std::span<std::uint8_t> buffer, const Question& question, const BlockedAnswer& how,
                          std::uint32_t ttl, const ExtendedError& why) {
    using Kind = BlockedAnswer::Kind;
    if (how.kind == Kind::refused) return write_error(buffer, question, Rcode::refused, &why);
    if (how.kind == Kind::nxdomain) return write_negative(buffer, question, Rcode::name_error, ttl, &why);
    if (question.type != type::a && question.type != type::aaaa)
        return write_negative(buffer, question, Rcode::no_error, ttl, &why);
    const bool is_v4 = question.type == type::a;
    set_header(buffer, question, 0, 0, 1, 0, question.has_edns ? 1 : 0);
    const std::size_t at = question.end, octets = is_v4 ? 4 : 16;
    put16(buffer, at, 0xc000 | header_size);
    put16(buffer, at + 2, question.type);
    put16(buffer, at + 4, 1);
    put32(buffer, at + 6, ttl);
    put16(buffer, at + 10, static_cast<unsigned>(octets));
    std::memset(buffer.data() + at + 12, 0, octets);
    if (how.kind == Kind::address) std::memcpy(buffer.data() + at + 12, is_v4 ? how.v4.data() : how.v6.data(), octets);
    return question.has_edns ? put_opt(buffer, at + 12 + octets, question, 0, &why) : at + 12 + octets;
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

std::size_t write_kept_answer(std::span<std::uint8_t> buffer, const Question& question,
                              std::span<const std::uint8_t> kept, const KeptForm& form) {
    const auto room = std::min(form.limit, buffer.size()) - opt_size(question, form.error);
    auto size = kept.size();
    unsigned additionals = get16(kept, 10);
    if (size > room) {
        // The additional section is what a client can do without (RFC 2181 section 9).
        size = question.end;
        additionals = 0;
        for_each_record(kept, question.end, [&](const Record& record, int section) {
            if (section == 2 && record.end > room) return false;
            additionals += section == 2 ? 1 : 0;
            size = record.end;
            return true;
        });
        if (size > room) return write_truncated(buffer, question, kept, form.error);
    }
    set_kept_header(buffer, question, kept, 0);
    std::memcpy(buffer.data() + question.end, kept.data() + question.end, size - question.end);
    put16(buffer, 10, additionals);  // the OPT record is not there yet
    age_records(buffer.first(size), question.end, form);
    if (!question.has_edns) return size;
    put16(buffer, 10, additionals + 1);
    return put_opt(buffer, size, question, 0, form.error);
}

std::size_t write_aliased_answer(std::span<std::uint8_t> buffer, const Question& question,
                                 std::span<const std::uint8_t> kept, std::size_t kept_question_end,
                                 const KeptForm& form) {
    const auto target = kept.subspan(header_size, kept_question_end - 4 - header_size);
    const std::size_t records = kept.size() - kept_question_end;
    // Behind the question: owner, type, class, TTL, length, and the target as the record's data.
    const std::size_t data = question.end + 12, end = data + target.size(), size = end + records;
    if (size + opt_size(question, form.error) > std::min(form.limit, buffer.size()))
        return write_truncated(buffer, question, kept, form.error);
    set_kept_header(buffer, question, kept, 1);
    buffer[3] &= static_cast<std::uint8_t>(~flag_ad);  // the alias is ours, and nobody signed it
    std::uint32_t ttl = alias_ttl;
    for_each_record(kept, kept_question_end, [&](const Record& record, int section) {
        if (section < 2) ttl = std::min(ttl, sane_ttl(record.ttl));
        return true;
    });
    put16(buffer, question.end, 0xc000 | header_size);
    put16(buffer, question.end + 2, type::cname);
    put16(buffer, question.end + 4, 1);
    put32(buffer, question.end + 6, ttl);
    put16(buffer, question.end + 10, static_cast<unsigned>(target.size()));
    std::memcpy(buffer.data() + data, target.data(), target.size());
    std::memcpy(buffer.data() + end, kept.data() + kept_question_end, records);
    if (question.has_edns) put16(buffer, 10, get16(kept, 10));
    const auto written = buffer.first(size);
    // What pointed at the question's name points at the alias's data now; all else moved along.
    for_each_pointer(written, question.end, [&](std::size_t at) {
        if (at < end) return;
        const std::size_t to = get16(written, at) & 0x3fff;
        const std::size_t moved = to < kept_question_end ? to - header_size + data : to - kept_question_end + end;
        if (to >= header_size && moved < at && moved <= 0x3fff)
            put16(written, at, 0xc000 | static_cast<unsigned>(moved));
    });
    age_records(written, question.end, form);
    if (!question.has_edns) return size;
    put16(buffer, 10, get16(kept, 10) + 1u);
    return put_opt(buffer, size, question, 0, form.error);
}

void limit_ttls(std::span<std::uint8_t> answer, const Question& question, std::uint32_t limit) {
    for_each_record(answer, question.end, [&](const Record& record, int) {
        if (record.type != type::opt && record.ttl > limit) put32(answer, record.fixed + 4, limit);
        return true;
    });
}

std::size_t write_upstream_query(std::span<std::uint8_t> buffer, const Question& question, std::uint16_t id,
                                 bool with_edns) {
    std::memset(buffer.data(), 0, header_size);
    put16(buffer, 0, id);
    buffer[2] = flag_rd;
    // AD is always asked for (RFC 6840 section 5.7), for the answer is kept for others, too.
    buffer[3] = static_cast<std::uint8_t>((question.checking_disabled ? flag_cd : 0) | flag_ad);
    put16(buffer, 4, 1);
    put16(buffer, 10, with_edns ? 1 : 0);
    std::memcpy(buffer.data() + header_size, question.name.data(), question.name.size());
    put16(buffer, question.end - 4, question.type);
    put16(buffer, question.end - 2, question.klass);
    if (!with_edns) return question.end;
    // A query that says nothing of its client: no cookie and no padding of theirs.
    Question own = question;
    own.has_cookie = own.is_padded = false;
    return put_opt(buffer, question.end, own, 0, nullptr);
}

WireName wire_name(std::string_view host) {
    WireName out;
    while (!host.empty()) {
        const auto label = host.substr(0, host.find('.'));
        out.octets[out.size++] = static_cast<std::uint8_t>(label.size());
        std::memcpy(out.octets.data() + out.size, label.data(), label.size());
        out.size += label.size();
        host.remove_prefix(std::min(host.size(), label.size() + 1));
    }
    out.octets[out.size++] = 0;
    return out;
}

std::size_t write_query(std::span<std::uint8_t> buffer, std::string_view host, std::uint16_t type) {
    std::memset(buffer.data(), 0, header_size);
    buffer[2] = flag_rd;
    buffer[5] = 1;
    const auto name = wire_name(host);
    std::memcpy(buffer.data() + header_size, name.octets.data(), name.size);
    const std::size_t at = header_size + name.size;
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
