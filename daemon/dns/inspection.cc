#include "daemon/dns/inspection.h"

#include <cstring>

namespace hort::dns {
namespace {

namespace key {  // of service parameters, RFC 9460 section 14.3.2
constexpr std::uint16_t alpn = 1, ipv4hint = 4, ech = 5, ipv6hint = 6;
}

bool is_service(const Record& record) { return record.type == type::svcb || record.type == type::https; }

struct Parameter {
    std::uint16_t key;
    std::size_t begin, value, end;
};

// The offset of the first parameter of a service record; 0 when it has none: broken, or an alias (priority 0).
std::size_t parameters_of(std::span<const std::uint8_t> packet, const Record& record) {
    if (record.data_size() < 3 || get16(packet, record.data) == 0) return 0;
    return skip_plain_name(packet.first(record.end), record.data + 2);
}

std::optional<Parameter> read_parameter(std::span<const std::uint8_t> packet, std::size_t at, std::size_t end) {
    if (at + 4 > end) return std::nullopt;
    const Parameter out{get16(packet, at), at, at + 4, at + 4 + get16(packet, at + 2)};
    return out.end > end ? std::nullopt : std::optional(out);
}

AddressBytes address_at(std::span<const std::uint8_t> packet, std::size_t at, std::size_t octets) {
    AddressBytes out{};
    if (octets == 4) out[10] = out[11] = 0xff;
    std::memcpy(out.data() + 16 - octets, packet.data() + at, octets);
    return out;
}

// Calls `each(address)` for the addresses of a record and the hints of a service until it returns false.
template <typename Each>
bool for_each_address(std::span<const std::uint8_t> packet, const Record& record, const Each& each) {
    if (record.type == type::a && record.data_size() == 4) return each(address_at(packet, record.data, 4));
    if (record.type == type::aaaa && record.data_size() == 16) return each(address_at(packet, record.data, 16));
    if (!is_service(record)) return true;
    auto at = parameters_of(packet, record);
    if (at == 0) return true;
    for (auto parameter = read_parameter(packet, at, record.end); parameter;
         parameter = read_parameter(packet, at, record.end)) {
        const std::size_t octets = parameter->key == key::ipv4hint ? 4 : parameter->key == key::ipv6hint ? 16 : 0;
        for (auto hint = parameter->value; octets > 0 && hint + octets <= parameter->end; hint += octets)
            if (!each(address_at(packet, hint, octets))) return false;
        at = parameter->end;
    }
    return true;
}

// Takes the octets out and keeps the record's length true.
bool cut_from_record(std::span<std::uint8_t> message, std::size_t& size, std::size_t question_end, const Record& record,
                     std::size_t begin, std::size_t end) {
    if (!cut(message, size, question_end, begin, end)) return false;
    put16(message, record.fixed + 8, static_cast<unsigned>(record.data_size() - (end - begin)));
    return true;
}

// One thing less in the record; true when something was taken out, and the record has to be looked at again.
bool bare_once(std::span<std::uint8_t> message, std::size_t& size, std::size_t question_end, const Record& record,
               bool without_quic) {
    const auto packet = message.first(size);
    auto at = parameters_of(packet, record);
    if (at == 0) return false;
    for (auto parameter = read_parameter(packet, at, record.end); parameter;
         parameter = read_parameter(packet, at, record.end)) {
        if (parameter->key == key::ech)
            return cut_from_record(message, size, question_end, record, parameter->begin, parameter->end);
        if (parameter->key == key::alpn && without_quic) {
            for (auto id = parameter->value; id < parameter->end; id += 1 + packet[id]) {
                const std::size_t octets = 1 + packet[id];
                if (id + octets > parameter->end) break;
                if (octets < 3 || packet[id + 1] != 'h' || packet[id + 2] != '3') continue;
                // The last one takes the parameter along: an empty list is none (section 7.1.1).
                if (octets == parameter->end - parameter->value)
                    return cut_from_record(message, size, question_end, record, parameter->begin, parameter->end);
                const auto length = parameter->end - parameter->value - octets;
                if (!cut_from_record(message, size, question_end, record, id, id + octets)) return false;
                put16(message, parameter->begin + 2, static_cast<unsigned>(length));
                return true;
            }
        }
        at = parameter->end;
    }
    return false;
}

}  // namespace

std::uint8_t facts_of(std::span<const std::uint8_t> answer, std::size_t question_end) {
    std::uint8_t out = 0;
    for_each_record(answer, question_end, [&](const Record& record, int section) {
        if (section == 0 && (record.type == type::cname || record.type == type::dname)) out |= fact::alias;
        if (record.type == type::a || record.type == type::aaaa) out |= fact::address;
        if (is_service(record)) out |= fact::service;
        return true;
    });
    return out;
}

std::optional<Objection> objection_to(std::span<const std::uint8_t> answer, std::size_t question_end,
                                      std::uint8_t facts, const Policy& policy, const Subject& who,
                                      const Decision& of_question, const Moment& now) {
    const bool has_networks = policy.ruleset->has_networks();
    if ((facts & (fact::alias | fact::service)) == 0 && !has_networks) return std::nullopt;
    if (of_question.covers_where_it_leads()) return std::nullopt;
    std::optional<Objection> out;
    const auto ask_name = [&](std::size_t at) {
        const auto name = read_name(answer, at);
        if (name.size <= 1) return true;
        const auto host = Hostname::from_wire(name.view());
        const auto decision = decide(policy, who, host, now);
        if (decision.is_about_target()) out = {host, decision};
        return !out;
    };
    const auto ask_address = [&](const AddressBytes& address) {
        const auto decision = decide(policy, who, Target::of_address(address), now);
        if (decision.is_about_target()) out = {{}, decision};
        return !out;
    };
    for_each_record(answer, question_end, [&](const Record& record, int section) {
        if (section == 0 && (record.type == type::cname || record.type == type::dname)) return ask_name(record.data);
        if (is_service(record) && record.data_size() >= 3 && !ask_name(record.data + 2)) return false;
        return !has_networks || for_each_address(answer, record, ask_address);
    });
    return out;
}

std::size_t bare_services(std::span<std::uint8_t> message, std::size_t size, std::size_t question_end,
                          bool without_quic) {
    bool is_changed = false;
    for (std::size_t at = question_end, left = std::size_t{get16(message, 6)} + get16(message, 8) + get16(message, 10);
         left > 0; --left) {
        auto record = read_record(message.first(size), at);
        if (!record) return size;
        while (is_service(*record) && bare_once(message, size, question_end, *record, without_quic)) {
            is_changed = true;
            record = read_record(message.first(size), at);
            if (!record) return size;
        }
        at = record->end;
    }
    if (!is_changed) return size;
    message[3] &= 0xdf;  // AD: nobody vouches for what was changed
    for (int section = 0; section < 3; ++section) {
        // Signatures of what is not any more as it was signed.
        for (bool again = true; again;) {
            again = false;
            for_each_record(message.first(size), question_end, [&](const Record& record, int of) {
                if (of != section || record.type != type::rrsig || record.data_size() < 2) return true;
                const auto covered = get16(message, record.data);
                if (covered != type::svcb && covered != type::https) return true;
                const std::size_t count_at = 6 + 2 * static_cast<std::size_t>(section);
                const auto count = get16(message, count_at);
                again = cut(message, size, question_end, record.begin, record.end);
                if (again) put16(message, count_at, count - 1u);
                return false;
            });
        }
    }
    return size;
}

bool is_inside_address(const AddressBytes& address) {
    constexpr AddressBytes zero{};
    if (is_v4(address)) {
        const auto* v4 = address.data() + 12;
        return v4[0] == 10 || v4[0] == 127 || (v4[0] == 172 && (v4[1] & 0xf0) == 16) ||
               (v4[0] == 192 && v4[1] == 168) || (v4[0] == 169 && v4[1] == 254);
    }
    if (address == zero) return false;
    auto loopback = zero;
    loopback[15] = 1;
    return address == loopback || (address[0] & 0xfe) == 0xfc || (address[0] == 0xfe && (address[1] & 0xc0) == 0x80);
}

bool leads_inside(std::span<const std::uint8_t> answer, std::size_t question_end, std::uint8_t facts) {
    if ((facts & (fact::address | fact::service)) == 0) return false;
    bool out = false;
    for_each_record(answer, question_end, [&](const Record& record, int) {
        for_each_address(answer, record, [&](const AddressBytes& address) {
            out = out || is_inside_address(address);
            return !out;
        });
        return !out;
    });
    return out;
}

}  // namespace hort::dns
