// Reply: what a client gets that does not come from a server: why something is blocked, what was wrong, that a question
// is on its way.
#pragma once

#include "daemon/proxy/block_page.h"
#include "daemon/proxy/session_parts.h"
#include "daemon/proxy/stream.h"

namespace hort::proxy {

// Each says whether the connection goes on.
class Reply {
  public:
    Reply(Stream& client, const SessionParts& parts) : client_(client), parts_(parts) {}

    asio::awaitable<bool> refuse(int status, std::string what);
    asio::awaitable<bool> block(const RequestHead& request, Ruling ruling);
    // Ends a tunnel before it began, in a way that browsers understand at once. `problem`: of what was said in it;
    // empty: it is blocked.
    asio::awaitable<bool> deny(std::string problem);
    // What a child filled in on the page of a blocked site. It is for us, and never goes upstream.
    asio::awaitable<bool> take_question(const RequestHead& request, Ruling ruling);

  private:
    Stream& client_;
    const SessionParts& parts_;
};

}  // namespace hort::proxy
