#include "daemon/dns/filter.h"

#include <algorithm>

namespace hort::dns {
namespace {

void count(std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

// The short text beside Extended DNS Error 17.
std::string_view why(const Decision& decision) {
    if (decision.source.category) return Taxonomy::shipped().entries()[*decision.source.category].id;
    return name_of(decision.reason);
}

// Nobody shall remember an answer for longer than it holds. Where time is counted, a client that goes on asks again
// each minute.
std::uint32_t longest_ttl(const Subject& who, const Decision& decision, const Moment& now) {
    constexpr std::uint32_t counted = 60;
    auto out = no_ttl_limit;
    if (who.person != nullptr && !who.profile->budgets.empty()) out = counted;
    if (decision.until)
        out = static_cast<std::uint32_t>(
            std::clamp<std::int64_t>(decision.until->boot_seconds - now.boot_seconds, 0, out));
    return out;
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
                write_blocked(buffer, question, std::min(blocked_ttl, longest_ttl(who, decision, now)),
                              {extended_error::filtered, why(decision)}),
                {}};
    }
    parts.meter.passed(who, host, decision);
    const auto ttl_limit = longest_ttl(who, decision, now);
    const std::size_t limit = is_udp ? udp_limit(question) : buffer.size();
    if (const auto size = parts.cache.answer(buffer, question, now.boot_seconds, limit, ttl_limit); size > 0) {
        count(parts.counters.dns_cached);
        return {Handled::Next::reply, size, {}};
    }
    count(parts.counters.dns_forwarded);
    return {Handled::Next::forward, 0, question, ttl_limit};
}

}  // namespace hort::dns
