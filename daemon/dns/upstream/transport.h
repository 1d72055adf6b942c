// Transport: puts one question to one upstream and brings its answer, by UDP, TCP, TLS or HTTPS.
//
// On the io_context's thread. Coroutines keep a shared_ptr to their transport.
#pragma once

#include <memory>
#include <vector>

#include "daemon/asio.h"
#include "daemon/dns/message.h"
#include "daemon/dns/upstream/address.h"

namespace boost::asio::ssl {
class context;
}

namespace hort::dns {

struct Exchanged {
    enum class Failure : std::uint8_t {
        none,
        silent,   // no answer in time
        network,  // refused, closed, a bad certificate, no answer that could be used
    } failure = Failure::silent;
    std::vector<std::uint8_t> message;  // accepted
    Answer about;                       // its error's text points into `message`

    static Exchanged failed(Failure why) { return {why, {}, {}}; }
};

class Transport {
  public:
    virtual ~Transport() = default;
    // Ends by itself, within some seconds. `question` stays valid until then.
    virtual asio::awaitable<Exchanged> exchange(const Question& question) = 0;
};

std::shared_ptr<Transport> make_udp_transport(const UpstreamAddress& address);
// One connection for many questions, for tcp and tls (RFC 7766 section 6.2.1).
std::shared_ptr<Transport> make_stream_transport(const UpstreamAddress& address, asio::ssl::context& tls);
std::shared_ptr<Transport> make_https_transport(const UpstreamAddress& address, asio::ssl::context& tls);

// accept_answer for what came over a connection, where nobody can forge: another spelling of the name is the question's
// again.
std::optional<Answer> accept_over_connection(std::span<std::uint8_t> packet, const Question& question,
                                             std::uint16_t id);

std::uint16_t random_id();
// The question with its letters in random case (draft-vixie-dnsext-dns0x20): an answer has to repeat them, which makes
// it hard to forge. `name` holds the spelling.
Question mixed_case(const Question& question, WireName& name);

}  // namespace hort::dns
