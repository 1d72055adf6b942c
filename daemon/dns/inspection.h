// What an answer says beside its question: names it leads to, addresses, service bindings (RFC 9460). A name that is
// allowed may lead to one that is not.
//
// Passive. Messages here were accepted by accept_answer: their records are whole.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "daemon/dns/message.h"
#include "rules/decision.h"

namespace hort::dns {

// Worked out once, when an answer is kept, so that most need no second look.
namespace fact {
inline constexpr std::uint8_t alias = 1, address = 2, service = 4, unknown = 0xff;
}
std::uint8_t facts_of(std::span<const std::uint8_t> answer, std::size_t question_end);

struct Objection {
    Hostname host;  // where the answer leads; empty for an address
    Decision decision;
};
// Puts what the answer leads to, to decide(). `of_question` is the decision on the question's name: whoever allows a
// site by name means what it leads to, too.
std::optional<Objection> objection_to(std::span<const std::uint8_t> answer, std::size_t question_end,
                                      std::uint8_t facts, const Policy& policy, const Subject& who,
                                      const Decision& of_question, const Moment& now);

// Takes out of SVCB and HTTPS records what would hide names from the proxy: `ech`, and with `without_quic` the `h3`
// entries of `alpn`. The signatures of changed records go, too, and AD. Returns the new size.
std::size_t bare_services(std::span<std::uint8_t> message, std::size_t size, std::size_t question_end,
                          bool without_quic);

// An address that no public name may have (DNS rebinding): loopback, private, link-local, unique local. Not 0.0.0.0 and
// ::, by which others say "blocked".
bool is_inside_address(const AddressBytes& address);
// Does the answer hold such an address, as a record or a hint of a service?
bool leads_inside(std::span<const std::uint8_t> answer, std::size_t question_end, std::uint8_t facts);

}  // namespace hort::dns
