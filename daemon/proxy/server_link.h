// ServerLink: the connection to a server that one client has at a time: where it leads, how it is made, and its way to
// and from those that rest.
#pragma once

#include "daemon/proxy/http_message.h"
#include "daemon/proxy/judge.h"
#include "daemon/proxy/session_parts.h"

namespace hort::proxy {

// A host to speak to, and what was found out about it.
struct Destination {
    std::string host;   // as it is asked for: a name in normal form, or an address
    std::string asked;  // whose addresses it gets: the same, or where safe search and restricted mode lead
    std::uint16_t port = 0;
    Resolved resolved;
    bool is_tls = false;  // what is spoken with it is looked into
};

class ServerLink {
  public:
    ServerLink(const asio::any_io_executor& executor, std::shared_ptr<const SessionParts> parts, Judge& judge)
        : stream_(asio::ip::tcp::socket(executor)), parts_(std::move(parts)), judge_(judge) {}

    Stream& stream() { return stream_; }

    // Finds where the name leads, and whether that is allowed. False when it leads nowhere.
    asio::awaitable<bool> look_up(Destination& to, Ruling& ruling);

    // Is it one to that place, which waits for a request?
    bool waits_for(const Destination& to) const { return is_waiting_ && key_ == key_of(to); }
    // Takes the one that waits, or one that rests; false when there is none, and a new one is to be opened.
    bool take(const Destination& to);
    // Opens one: a tunnel, in which anything is said, or one for requests in plain HTTP. 0, or the status of the error
    // page: 502, 504 or 508.
    enum class Use : std::uint8_t { tunnel, requests };
    asio::awaitable<int> open(const Destination& to, Use use);
    // The head of a request as it is said on it.
    std::string head_of(const RequestHead& request, const Destination& to) const;
    // Speaks TLS with the server; false when it is not known for sure who it is.
    asio::awaitable<bool> begin_tls(const Destination& to);
    // The connection that is open waits for a request to that place.
    void wait_for(const Destination& to);
    // Its answer was read to the end, and it can be asked again.
    void wait() { is_waiting_ = true; }
    // For somebody else, when it waits; else it is closed.
    void put_away();
    void close();

  private:
    asio::awaitable<bool> open_tunnel_there(std::string place);
    UpstreamPool::Key key_of(const Destination& to) const { return {to.asked, to.port, judge_.person(), to.is_tls}; }

    Stream stream_;
    const std::shared_ptr<const SessionParts> parts_;
    Judge& judge_;
    UpstreamPool::Key key_;
    bool is_waiting_ = false;
};

}  // namespace hort::proxy
