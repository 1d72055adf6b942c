#include "daemon/dns/filter.h"

#include <algorithm>

#include "rules/bypass_names.h"

namespace hort::dns {
namespace {

void count(std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

// The short text beside the Extended DNS Error.
std::string_view why(const Decision& decision) {
    if (decision.source.category) return Taxonomy::shipped().entries()[*decision.source.category].id;
    return name_of(decision.reason);
}

// RFC 8914 section 4.16 to 4.18: blocked by whoever runs the server for safety, or filtered as its client asked for.
std::uint16_t error_code(const Decision& decision) {
    if (!decision.source.category) return extended_error::filtered;
    const auto& entry = Taxonomy::shipped().entries()[*decision.source.category];
    return entry.is_bypass || entry.id == "malware" || entry.id == "phishing_scam" || entry.id == "cryptomining"
               ? extended_error::blocked
               : extended_error::filtered;
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

std::size_t block(std::span<std::uint8_t> buffer, const Question& question, const Subject& who, const Hostname& host,
                  const Decision& decision, const Moment& now, const FilterParts& parts) {
    count(parts.counters.dns_blocked);
    parts.log.noted(Channel::dns, who, host, decision, now);
    auto how = parts.page;
    using Kind = dns::BlockedAnswer::Kind;
    switch (who.profile->blocked_answer) {
        case hort::BlockedAnswer::null_address:
            how.kind = Kind::null_address;
            break;
        case hort::BlockedAnswer::nxdomain:
            how.kind = Kind::nxdomain;
            break;
        case hort::BlockedAnswer::refused:
            how.kind = Kind::refused;
            break;
        case hort::BlockedAnswer::page:
            break;  // null addresses where there is no page
    }
    // Browsers and systems that ask whether they may go round take an address for "yes".
    if (decision.reason == Reason::bypass && is_canary(host)) how.kind = Kind::nxdomain;
    return write_blocked(buffer, question, how, std::min(blocked_ttl, longest_ttl(who, decision, now)),
                         {error_code(decision), why(decision)});
}

// What an answer for an allowed question leads to, decided; and what would hide names taken out of it. `size` octets
// of `buffer` hold the answer. Returns the size.
std::size_t look_through(std::span<std::uint8_t> buffer, std::size_t size, const Question& question, std::uint8_t facts,
                         const Policy& policy, const Subject& who, const Hostname& host, const Decision& decision,
                         const Moment& now, const FilterParts& parts) {
    if (!who.profile->is_supervised || decision.reason == Reason::protected_help) return size;
    if (const auto objection = objection_to(buffer.first(size), question.end, facts, policy, who, decision, now))
        return block(buffer, question, who, objection->host.empty() ? host : objection->host, objection->decision, now,
                     parts);
    if ((facts & fact::service) != 0) return bare_services(buffer, size, question.end, who.profile->hides_quic);
    return size;
}

}  // namespace

Question question_for(const WireName& name, const Question& question) {
    auto out = question;
    out.name = name.view();
    out.end = header_size + name.size + 4;
    return out;
}

Handled answer_fault(std::span<std::uint8_t> buffer, const ParsedQuestion& parsed) {
    const auto reply = [](std::size_t size) { return Handled{Handled::Next::reply, size, false, {}, {}}; };
    switch (parsed.fault) {
        case QuestionFault::format_error:
            return reply(write_header_only(buffer, Rcode::format_error));
        case QuestionFault::not_implemented:
            return reply(write_header_only(buffer, Rcode::not_implemented));
        case QuestionFault::bad_version:
            return reply(write_bad_version(buffer, parsed.question));
        default:
            return {};
    }
}

Handled decide_question(std::span<std::uint8_t> buffer, const Question& question, const Policy& policy,
                        const Subject& who, Moment now, bool is_udp, const FilterParts& parts) {
    count(parts.counters.dns_queries);
    Handled out;
    const auto reply = [&](std::size_t size) -> Handled& {
        out.next = Handled::Next::reply;
        out.size = size;
        return out;
    };
    // Only the Internet class names sites; zone transfers are no business of a resolver's clients.
    if (question.klass != 1 || question.type == type::ixfr || question.type == type::axfr)
        return reply(write_error(buffer, question, Rcode::refused, nullptr));
    // Nobody may find out what others asked for, by asking without recursion.
    if (!question.recursion_desired) {
        const ExtendedError error{extended_error::not_authoritative, {}};
        return reply(write_error(buffer, question, Rcode::refused, &error));
    }
    if (const auto local = parts.names.answer_always(buffer, question); local.size > 0) return reply(local.size);

    const auto host = Hostname::from_wire(question.name);
    const auto decision = decide(policy, who, {host, question.type}, now);
    if (decision.is_blocked()) return reply(block(buffer, question, who, host, decision, now, parts));
    parts.meter.passed(who, host, decision);
    parts.log.noted(Channel::dns, who, host, decision, now);
    if (question.type == type::any) return reply(write_any(buffer, question));
    const auto ttl_limit = longest_ttl(who, decision, now);
    const std::size_t limit = is_udp ? udp_limit(question) : buffer.size();

    auto local = parts.names.answer(buffer, question, host);
    if (local.size > 0) return reply(local.size);
    if (local.alias.empty() && !decision.rewrite.empty()) {
        if (const auto address = parse_network(decision.rewrite)) {
            const auto* octets = reinterpret_cast<const char*>(address->address.data());
            const bool is_v4 = decision.rewrite.find(':') == std::string_view::npos;
            const OwnRecord record{question.type,
                                   is_v4 ? std::string_view(octets + 12, 4) : std::string_view(octets, 16)};
            if (question.type == (is_v4 ? type::a : type::aaaa))
                return reply(write_records(buffer, question, {&record, 1}, std::min(blocked_ttl * 6, ttl_limit)));
            return reply(write_negative(buffer, question, Rcode::no_error, std::min(blocked_ttl, ttl_limit), nullptr));
        }
        local.alias = decision.rewrite;
    }
    if (!local.alias.empty()) {
        out.alias = wire_name(local.alias);
        auto asked = question_for(out.alias, question);
        asked.has_edns = false;
        // An alias of another name of ours.
        std::array<std::uint8_t, 4096> own;
        if (const auto found = parts.names.answer(own, asked, Hostname::from_wire(out.alias.view())); found.size > 0) {
            std::copy(asked.name.begin(), asked.name.end(), own.begin() + header_size);
            return reply(write_aliased_answer(buffer, question, std::span(own).first(found.size), asked.end,
                                              {0, limit, ttl_limit, nullptr}));
        }
    }
    out.question = question;
    const auto asked = out.alias.size == 0 ? question : question_for(out.alias, question);
    if (const auto found = parts.cache.answer(buffer, question, asked, now.boot_seconds, limit, ttl_limit);
        found.size > 0) {
        count(parts.counters.dns_cached);
        out.should_refresh = found.should_refresh;
        return reply(look_through(buffer, found.size, question, found.facts, policy, who, host, decision, now, parts));
    }
    count(parts.counters.dns_forwarded);
    out.next = Handled::Next::forward;
    return out;
}

std::size_t answer_forwarded(std::span<std::uint8_t> buffer, const Question& question, const Question& asked,
                             const KeptAnswer* answer, const ExtendedError& why, const Policy& policy,
                             const Subject& who, Moment now, std::size_t limit, const FilterParts& parts) {
    const auto host = Hostname::from_wire(question.name);
    const auto decision = decide(policy, who, {host, question.type}, now);
    if (decision.is_blocked()) return block(buffer, question, who, host, decision, now, parts);
    const auto ttl_limit = longest_ttl(who, decision, now);
    const bool is_alias = question.name.data() != asked.name.data();
    if (answer == nullptr) {
        const auto found =
            parts.cache.stale_answer(buffer, question, is_alias ? asked : question, now.boot_seconds, limit, ttl_limit);
        if (found.size > 0) {
            count(parts.counters.dns_stale);
            return look_through(buffer, found.size, question, found.facts, policy, who, host, decision, now, parts);
        }
        count(parts.counters.dns_failed);
        return write_error(buffer, question, Rcode::server_failure, &why);
    }
    const ExtendedError error{answer->error_code, answer->error_text};
    const KeptForm form{0, limit, ttl_limit, error.code != 0 ? &error : nullptr};
    const auto size = is_alias ? write_aliased_answer(buffer, question, answer->message, asked.end, form)
                               : write_kept_answer(buffer, question, answer->message, form);
    return look_through(buffer, size, question, answer->facts, policy, who, host, decision, now, parts);
}

KeptAnswer kept_answer(std::vector<std::uint8_t> message, const Answer& about, const Question& asked,
                       const LocalNames& names) {
    KeptAnswer out;
    if (about.error) {
        out.error_code = about.error->code;
        out.error_text = about.error->text.substr(0, 64);
    } else if (about.rcode == static_cast<std::uint8_t>(Rcode::server_failure)) {
        out.error_code = extended_error::no_reachable_authority;
        out.error_text = "the upstream found no answer";
    }
    message.resize(about.size);
    out.message = std::move(message);
    out.ttl = about.ttl;
    out.facts = facts_of(out.message, asked.end);
    if (leads_inside(out.message, asked.end, out.facts) && !names.may_lead_inside(Hostname::from_wire(asked.name))) {
        out.message.resize(std::max<std::size_t>(asked.end + 128, 512));
        Question bare = asked;
        bare.has_edns = false;
        out.message.resize(write_negative(out.message, bare, Rcode::no_error, blocked_ttl, nullptr));
        out.ttl = blocked_ttl;
        out.facts = 0;
        out.error_code = extended_error::blocked;
        out.error_text = "a public name with a private address";
    }
    return out;
}

}  // namespace hort::dns
