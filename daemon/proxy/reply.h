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
    // What was refused to the reader lately, `rulings` on it as they are now.
    asio::awaitable<bool> show_refusals(const RequestHead& request, Ruling reader, std::vector<Ruling> rulings);
    // What a child filled in on such a page. It is for us, and never goes upstream. Nothing where it is no such form:
    // then that was said, and the connection ends.
    asio::awaitable<std::optional<AskForm>> read_question(const RequestHead& request);
    asio::awaitable<bool> take_question(const RequestHead& request, Ruling ruling, AskForm form);

  private:
    Stream& client_;
    const SessionParts& parts_;
};

}  // namespace hort::proxy
