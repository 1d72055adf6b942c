// One DNS query, decided: answered in its own buffer, or to be asked upstream; and the upstream's answer, decided
// again. Passive; the sockets are in server.h.
#pragma once

#include "daemon/daemon.h"
#include "daemon/dns/cache.h"
#include "daemon/dns/inspection.h"
#include "daemon/dns/local_names.h"
#include "daemon/dns/message.h"

namespace hort::dns {

struct Handled {
    enum class Next : std::uint8_t { drop, reply, forward } next = Next::drop;
    std::size_t size = 0;         // of the reply
    bool should_refresh = false;  // a reply from the cache that ends soon: ask upstream, too
    Question question;            // for forward and refresh; points into the buffer
    WireName alias;               // what is to be asked instead of the question's name, unless it is empty
};

struct FilterParts {
    Cache& cache;
    DecisionLog& log;
    Counters& counters;
    TrafficMeter& meter;
    const LocalNames& names;
    const BlockedAnswer& page;  // with the addresses of the block page, if it has some
};

// TTL of a blocked answer in seconds: short, so that a change of the rules is seen soon.
inline constexpr std::uint32_t blocked_ttl = 10;

// How large an answer to `question` may be over UDP.
inline std::size_t udp_limit(const Question& question) {
    return question.udp_payload < max_udp_payload ? question.udp_payload : max_udp_payload;
}

// `policy` and `who` are those of now. `buffer` holds the query and has room for 4,096 octets in all.
Handled decide_question(std::span<std::uint8_t> buffer, const Question& question, const Policy& policy,
                        const Subject& who, Moment now, bool is_udp, const FilterParts& parts);
Handled answer_fault(std::span<std::uint8_t> buffer, const ParsedQuestion& parsed);

// The reply to a question that was forwarded as `asked`: from the upstream's answer; without one a stale answer, or an
// error that says `why`. The policy may be another than when the question came. Returns the size, and counts.
// `buffer` holds the query and has room for `limit` octets.
std::size_t answer_forwarded(std::span<std::uint8_t> buffer, const Question& question, const Question& asked,
                             const KeptAnswer* answer, const ExtendedError& why, const Policy& policy,
                             const Subject& who, Moment now, std::size_t limit, const FilterParts& parts);

// Makes an accepted answer to `asked` ready to be kept; one that leads a public name inside the house is emptied.
KeptAnswer kept_answer(std::vector<std::uint8_t> message, const Answer& about, const Question& asked,
                       const LocalNames& names);

// The same question for another name.
Question question_for(const WireName& name, const Question& question);

}  // namespace hort::dns
