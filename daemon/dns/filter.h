// One DNS query, decided: answered in its own buffer, or to be asked upstream. Passive; the sockets are in server.h.
#pragma once

#include "daemon/daemon.h"
#include "daemon/dns/cache.h"
#include "daemon/dns/message.h"

namespace hort::dns {

struct Handled {
    enum class Next : std::uint8_t { drop, reply, forward } next = Next::drop;
    std::size_t size = 0;  // of the reply
    Question question;     // for forward; points into the buffer
    std::uint32_t ttl_limit = no_ttl_limit;
};

struct FilterParts {
    Cache& cache;
    DecisionLog& log;
    Counters& counters;
    TrafficMeter& meter;
};

// TTL of a blocked answer in seconds: short, so that a change of the rules is seen soon.
inline constexpr std::uint32_t blocked_ttl = 10;

// How large an answer to `question` may be over UDP.
inline std::size_t udp_limit(const Question& question) {
    return question.udp_payload < max_udp_payload ? question.udp_payload : max_udp_payload;
}

// `subject` is called at most once, and only for a readable question. `buffer` holds `size` octets of query and has
// room for 4,096 in all.
template <typename SubjectOf>
Handled handle_query(std::span<std::uint8_t> buffer, std::size_t size, const Policy& policy, const SubjectOf& subject,
                     Moment now, bool is_udp, const FilterParts& parts);

// The part behind the question's parsing and the subject's finding.
Handled decide_question(std::span<std::uint8_t> buffer, const Question& question, const Policy& policy,
                        const Subject& who, Moment now, bool is_udp, const FilterParts& parts);
Handled answer_fault(std::span<std::uint8_t> buffer, const ParsedQuestion& parsed);

template <typename SubjectOf>
Handled handle_query(std::span<std::uint8_t> buffer, std::size_t size, const Policy& policy, const SubjectOf& subject,
                     Moment now, bool is_udp, const FilterParts& parts) {
    const auto parsed = parse_question(buffer.first(size));
    if (parsed.fault != QuestionFault::none) return answer_fault(buffer, parsed);
    return decide_question(buffer, parsed.question, policy, subject(), now, is_udp, parts);
}

}  // namespace hort::dns
