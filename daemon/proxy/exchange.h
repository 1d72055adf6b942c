// Exchange: one request that was allowed and its answer: written anew to the server, read strictly, looked at as far as
// it matters what it is, written anew to the client.
#pragma once

#include "daemon/proxy/body.h"
#include "daemon/proxy/reply.h"
#include "daemon/proxy/server_link.h"
#include "daemon/proxy/watchdog.h"

namespace hort::proxy {

inline constexpr std::chrono::seconds keep_alive_limit{60}, answer_limit{120};

class Exchange {
  public:
    Exchange(Stream& client, ServerLink& server, Judge& judge, Watchdog& watchdog, Reply& reply)
        : client_(client), server_(server), judge_(judge), watchdog_(watchdog), reply_(reply) {}

    // Whether the client's connection goes on.
    asio::awaitable<bool> run(const RequestHead& request, Destination to, Ruling ruling);

  private:
    asio::awaitable<bool> give_up_body();
    asio::awaitable<std::optional<std::size_t>> read_head();
    asio::awaitable<bool> pass_answer(const RequestHead& request, bool body_is_sent, bool& has_answered);
    bool is_page_to_scan(const RequestHead& request, const ResponseHead& response);
    asio::awaitable<bool> pass_scanned(const RequestHead& request, const ResponseHead& response, Body plan,
                                       std::string head, bool keeps_client);
    asio::awaitable<bool> pass_websocket(const ResponseHead& response);
    asio::awaitable<bool> block(const RequestHead& request, Ruling ruling);
    // After an answer: the server can be asked again, or not.
    void end_answer(const ResponseHead& response, bool is_whole);

    Stream& client_;
    ServerLink& server_;
    Judge& judge_;
    Watchdog& watchdog_;
    Reply& reply_;
    const std::function<void()> moved_ = [this] {
        watchdog_.set(std::chrono::seconds(60));  // for the next piece of a body
        judge_.note_traffic();
    };
};

}  // namespace hort::proxy
