// DNS messages (RFC 1035 section 4, RFC 6891): a question parsed in place, and answers written into the same buffer.
//
// Passive: bytes in, what they mean out; no allocation. Everything here faces hostile input.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/dns/records.h"
#include "rules/hostname.h"

namespace hort::dns {

inline constexpr std::uint32_t no_ttl_limit = UINT32_MAX;
inline constexpr std::uint16_t max_udp_payload = 1232;  // what fits every path without fragments (DNS flag day 2020)

enum class Rcode : std::uint8_t {
    no_error = 0,
    format_error = 1,
    server_failure = 2,
    name_error = 3,
    not_implemented = 4,
    refused = 5
};
// One question and what belongs to it. The spans point into the packet.
struct Question {
    std::uint16_t id = 0;
    bool recursion_desired = false, checking_disabled = false, authentic_data = false;
    std::span<const std::uint8_t> name;  // uncompressed wire form, with its zero octet
    std::uint16_t type = 0, klass = 0;
    std::size_t end = 0;  // offset of the first octet behind the question
    bool has_edns = false, dnssec_ok = false;
    std::uint16_t udp_payload = 512;  // what the client takes, at least 512
    // DNS cookies (RFC 7873): what the client sent, and what is sent back once the server has filled it in.
    bool has_cookie = false;
    std::array<std::uint8_t, 8> client_cookie{};
    std::array<std::uint8_t, 16> server_cookie{};
    bool is_padded = false;  // the client pads its queries, so the answer is padded, too (RFC 7830)
};

enum class QuestionFault : std::uint8_t {
    none,
    drop,             // no question at all: too short, or an answer; never answered
    format_error,     // answered with FORMERR
    not_implemented,  // an opcode other than QUERY
    bad_version,      // EDNS version other than 0 (RFC 6891 section 6.1.3)
};
struct ParsedQuestion {
    QuestionFault fault = QuestionFault::drop;
    Question question;  // usable with fault none; with bad_version too
};
ParsedQuestion parse_question(std::span<const std::uint8_t> packet);

// Extended DNS Errors (RFC 8914).
struct ExtendedError {
    std::uint16_t code = 0;
    std::string_view text;  // at most 64 octets are sent
};
namespace extended_error {
inline constexpr std::uint16_t stale_answer = 3, blocked = 15, censored = 16, filtered = 17, prohibited = 18,
                               stale_nxdomain = 19, not_authoritative = 20, no_reachable_authority = 22,
                               network_error = 23;
}

// How a blocked question is answered.
struct BlockedAnswer {
    enum class Kind : std::uint8_t { null_address, nxdomain, refused, address } kind = Kind::null_address;
    // Of the block page, for `address`.
    std::array<std::uint8_t, 4> v4{};
    std::array<std::uint8_t, 16> v6{};
};

// The writers below put the answer over the question in `buffer` (at least 512 octets, holding the query as
// received) and return its size.

// The answer for a blocked name: for addresses what `how` says, other types NODATA with a SOA (RFC 2308), for `ttl`
// seconds.
std::size_t write_blocked(std::span<std::uint8_t> buffer, const Question& question, const BlockedAnswer& how,
                          std::uint32_t ttl, const ExtendedError& why);
// NXDOMAIN or NODATA (no_error) with a SOA of our own.
std::size_t write_negative(std::span<std::uint8_t> buffer, const Question& question, Rcode rcode, std::uint32_t ttl,
                           const ExtendedError* why);
// Records of our own for the question's name. `data` is in wire form and must not overlap the buffer; what does not
// fit is left out.
struct OwnRecord {
    std::uint16_t type;
    std::string_view data;
};
std::size_t write_records(std::span<std::uint8_t> buffer, const Question& question, std::span<const OwnRecord> records,
                          std::uint32_t ttl);
// ANY is answered by one HINFO record (RFC 8482 section 4.2).
std::size_t write_any(std::span<std::uint8_t> buffer, const Question& question);
// An empty answer with a return code.
std::size_t write_error(std::span<std::uint8_t> buffer, const Question& question, Rcode rcode,
                        const ExtendedError* why);
// For a packet whose question cannot be read: the header alone. REQUIRES: at least 12 octets were received.
std::size_t write_header_only(std::span<std::uint8_t> buffer, Rcode rcode);
std::size_t write_bad_version(std::span<std::uint8_t> buffer, const Question& question);

// An upstream's answer, checked and made ready to be kept: the OPT record is taken out.
struct Answer {
    std::size_t size = 0;  // without the OPT record
    bool is_truncated = false;
    std::uint8_t rcode = 0;
    std::uint32_t ttl = 0;  // how long it may be kept, in seconds; 0: not at all
    // The Extended DNS Error that the upstream sent; the text points into the packet.
    std::optional<ExtendedError> error;
};
enum class Mismatch : std::uint8_t {
    none,
    other,     // no answer to this question: ignored
    spelling,  // the same name, spelled differently: an upstream that does not keep the case, or a forgery
};
// Checks that `packet` answers `question` (same name to the letter, type, class and `id`) and that all its records
// are whole, and takes the OPT record out in place. Empty: it does not, and must be ignored.
std::optional<Answer> accept_answer(std::span<std::uint8_t> packet, const Question& question, std::uint16_t id,
                                    Mismatch* why = nullptr);

// Writes a kept answer for `question`: its id and flags, its spelling of the name, TTLs less `age` seconds and at most
// `ttl_limit`, and an OPT record when the client sent one. More than `limit` octets: truncated to the question with TC
// set. `buffer` holds the query; `kept` must not overlap it. Returns the size.
struct KeptForm {
    std::uint32_t age = 0;  // seconds since it was kept
    std::size_t limit = 65535;
    std::uint32_t ttl_limit = no_ttl_limit;
    const ExtendedError* error = nullptr;
};
std::size_t write_kept_answer(std::span<std::uint8_t> buffer, const Question& question,
                              std::span<const std::uint8_t> kept, const KeptForm& form);

// The same answer as one to another name that is an alias of the kept answer's: a CNAME record of our own, and behind
// it the kept records. `kept_question_end` is the offset behind the question of `kept`.
std::size_t write_aliased_answer(std::span<std::uint8_t> buffer, const Question& question,
                                 std::span<const std::uint8_t> kept, std::size_t kept_question_end,
                                 const KeptForm& form);

// Makes the TTLs of an answer without OPT record `lowest` at least and `highest` at most. `question_end` is the offset
// behind its question. A TTL of 0 stays: such a record is for this one question.
void bound_ttls(std::span<std::uint8_t> answer, std::size_t question_end, std::uint32_t lowest, std::uint32_t highest);

// The query for an upstream: the same question with another id, recursion desired, our EDNS size and the client's DO
// and CD. Without EDNS where an upstream does not know it. Returns the size; at most 512.
std::size_t write_upstream_query(std::span<std::uint8_t> buffer, const Question& question, std::uint16_t id,
                                 bool with_edns = true);

// A query for `host` with recursion desired, as a client would send it. Returns the size; at most 272.
std::size_t write_query(std::span<std::uint8_t> buffer, std::string_view host, std::uint16_t type);

// The wire form of a host name. `host` is one, or empty for the root.
WireName wire_name(std::string_view host);

// The addresses (A as mapped IPv6, AAAA) in the answer section of an accepted answer.
std::vector<std::array<std::uint8_t, 16>> addresses_in(std::span<const std::uint8_t> answer);
// The names that its aliases (CNAME, DNAME) lead to.
std::vector<Hostname> aliases_in(std::span<const std::uint8_t> answer);

}  // namespace hort::dns
