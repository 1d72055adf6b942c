#include "daemon/dns/filter.h"

namespace hort::dns {
namespace {

void count(std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

// The short text beside Extended DNS Error 17.
std::string_view why(const Decision& decision) {
    if (decision.source.category) return Taxonomy::shipped().entries()[*decision.source.category].id;
    return name_of(decision.reason);
}

}  // namespace

Handled answer_fault(std::span<std::uint8_t> buffer, const ParsedQuestion& parsed) {
    switch (parsed.fault) {
        case QuestionFault::format_error:
            return {Handled::Next::reply, write_header_only(buffer, Rcode::format_error), {}};
        case QuestionFault::not_implemented:
            return {Handled::Next::reply, write_header_only(buffer, Rcode::not_implemented), {}};
        case QuestionFault::bad_version:
            return {Handled::Next::reply, write_bad_version(buffer, parsed.question), {}};
        default:
            return {};
    }
}

Handled decide_question(std::span<std::uint8_t> buffer, const Question& question, const Policy& policy,
                        const Subject& who, Moment now, bool is_udp, const FilterParts& parts) {
    count(parts.counters.dns_queries);
    // Only the Internet class names sites; zone transfers are no business of a resolver's clients.
    constexpr std::uint16_t ixfr = 251, axfr = 252;
    if (question.klass != 1 || question.type == ixfr || question.type == axfr)
        return {Handled::Next::reply, write_error(buffer, question, Rcode::refused, nullptr), {}};

    const auto host = Hostname::from_wire(question.name);
    const auto decision = decide(policy, who, {host, question.type}, now);
    if (decision.is_blocked()) {
        count(parts.counters.dns_blocked);
        parts.log.blocked(Channel::dns, who, host, decision);
        return {Handled::Next::reply,
                write_blocked(buffer, question, blocked_ttl, {extended_error::filtered, why(decision)}),
                {}};
    }
    const std::size_t limit = is_udp ? udp_limit(question) : buffer.size();
    if (const auto size = parts.cache.answer(buffer, question, now.boot_seconds, limit); size > 0) {
        count(parts.counters.dns_cached);
        return {Handled::Next::reply, size, {}};
    }
    count(parts.counters.dns_forwarded);
    return {Handled::Next::forward, 0, question};
}

}  // namespace hort::dns
