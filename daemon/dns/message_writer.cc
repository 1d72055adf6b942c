#include <algorithm>
#include <cstring>

#include "daemon/dns/message.h"

namespace hort::dns {
namespace {

constexpr std::uint32_t alias_ttl = 300;  // seconds that an alias of ours is known for at most
constexpr std::size_t block_size = 468;   // answers are padded to a multiple of it (RFC 8467 section 4.1)

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
        std::copy(text.begin(), text.end(), buffer.begin() + static_cast<std::ptrdiff_t>(data) + 2);
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
    const auto is_none = [](const auto& octets) {
        return std::all_of(octets.begin(), octets.end(), [](auto octet) { return octet == 0; });
    };
    // A page that has no address of this family.
    if (how.kind == Kind::address && (is_v4 ? is_none(how.v4) : is_none(how.v6)))
        return write_negative(buffer, question, Rcode::no_error, ttl, &why);
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
    // In lower case: upstream it went in a random spelling. Lengths of labels are no letters.
    std::transform(target.begin(), target.end(), buffer.begin() + static_cast<std::ptrdiff_t>(data),
                   [](std::uint8_t octet) { return octet >= 'A' && octet <= 'Z' ? octet + 32 : octet; });
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

void bound_ttls(std::span<std::uint8_t> answer, std::size_t question_end, std::uint32_t lowest, std::uint32_t highest) {
    for_each_record(answer, question_end, [&](const Record& record, int) {
        if (record.ttl != 0) put32(answer, record.fixed + 4, std::clamp(record.ttl, lowest, highest));
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

}  // namespace hort::dns
