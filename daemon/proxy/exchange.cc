#include "daemon/proxy/exchange.h"

#include "daemon/proxy/decoder.h"
#include "daemon/proxy/tunnel.h"
#include "rules/html_text.h"
#include "rules/phrases.h"

namespace hort::proxy {
namespace {

// Octets of a page that are held until its words are known; of many pages at once only the beginning.
constexpr std::size_t max_scanned = 256 << 10, max_scanned_of_many = 16 << 10;
constexpr int many_pages = 64;
thread_local int pages_held = 0;

struct Holding {
    Holding() { ++pages_held; }
    ~Holding() { --pages_held; }
    Holding(const Holding&) = delete;
    Holding& operator=(const Holding&) = delete;
};

constexpr int max_interim = 8;  // 1xx answers before the real one

}  // namespace

asio::awaitable<bool> Exchange::run(const RequestHead& request, Destination to, Ruling ruling) {
    watchdog_.set(answer_limit);
    const auto use = to.is_tls ? ServerLink::Use::tunnel : ServerLink::Use::requests;
    const std::string head = server_.head_of(request, to);
    for (int attempt = 0;; ++attempt) {
        // A connection that is there leads where it was allowed to lead.
        if (!server_.waits_for(to)) {
            const bool is_found = co_await server_.look_up(to, ruling);
            if (!is_found) co_return co_await reply_.refuse(502, "no address of " + to.host);
            if (ruling.is_blocked()) co_return co_await block(request, ruling);
        }
        const bool is_fresh = attempt > 0 || !server_.take(to);
        int status = 0;
        if (is_fresh) status = co_await server_.open(to, use);
        if (status != 0) co_return co_await reply_.refuse(status, "no connection to " + to.host);
        // Who was ended meanwhile, because it is blocked by now, asks for nothing any more.
        if (!client_.socket.is_open()) co_return false;
        // A kept connection may have been closed by the server a moment ago: once more, on a fresh one, where
        // nothing but the head was sent and the method may be repeated (RFC 9110 section 9.2.2).
        const bool may_repeat =
            !is_fresh && request.framing == Framing::none && request.method != "POST" && request.method != "PATCH";
        const bool sent = co_await server_.stream().write(head);
        if (!sent && may_repeat && client_.socket.is_open()) continue;
        if (!sent) co_return co_await reply_.refuse(502, "the connection to " + to.host + " broke");
        if (request.expects_continue && client_.buffer.empty()) {
            const bool written = co_await client_.write("HTTP/1.1 100 Continue\r\n\r\n");
            if (!written) co_return false;
        }
        Passed body = Passed::done;
        if (request.framing != Framing::none) {
            const bool is_chunked = request.framing == Framing::chunked;
            const Body plan{request.framing, request.length, is_chunked};
            body = co_await pass_body(client_, server_.stream(), plan, moved_);
            if (body == Passed::source_failed) co_return co_await give_up_body();
        }
        // A server that refuses early may stop reading; its answer is read all the same.
        watchdog_.set(answer_limit);
        bool has_answered = false;
        const bool goes_on = co_await pass_answer(request, body == Passed::done, has_answered);
        if (!has_answered && may_repeat && client_.socket.is_open()) continue;
        if (!has_answered) co_return co_await reply_.refuse(502, "no usable answer from " + to.host);
        if (goes_on) watchdog_.set(keep_alive_limit);
        co_return goes_on;
    }
}

// A body that is none, or that ends in the middle: the server must not take what came for all of it.
asio::awaitable<bool> Exchange::give_up_body() {
    server_.close();
    co_return co_await reply_.refuse(400, "a body that is broken");
}

// Reads the server's answer and writes it to the client. `has_answered` becomes true with the first octet that
// goes to the client.
asio::awaitable<bool> Exchange::pass_answer(const RequestHead& request, bool body_is_sent, bool& has_answered) {
    std::string head;
    ResponseHead response;
    for (int interim = 0;; ++interim) {
        const auto size = co_await read_head();
        if (!size) {
            server_.close();
            co_return false;
        }
        head = server_.stream().buffer.substr(0, *size);
        server_.stream().buffer.erase(0, *size);
        auto parsed = parse_response(head, request.method);
        if (std::holds_alternative<HttpFault>(parsed) || interim == max_interim) {
            server_.close();
            co_return false;
        }
        response = std::move(std::get<ResponseHead>(parsed));
        if (response.status >= 200) break;
        if (response.status == 101) {
            if (request.wants_websocket && response.is_websocket) break;
            server_.close();  // nobody asked for it
            co_return false;
        }
    }
    has_answered = true;
    if (const auto refused = judge_.ask_answer(media_type_of(response), file_name_of(response))) {
        server_.close();
        co_return co_await block(request, *refused);
    }
    if (response.status == 101) co_return co_await pass_websocket(response);
    Framing framing = response.framing;
    bool keeps_client = request.keeps_alive && body_is_sent;
    if (framing == Framing::until_close && !request.is_http_1_0) framing = Framing::chunked;
    if (framing == Framing::chunked && request.is_http_1_0) framing = Framing::until_close;
    if (framing == Framing::until_close) keeps_client = false;
    if (response.framing == Framing::none && request.method != "HEAD" && response.status != 204 &&
        response.status != 304)
        framing = Framing::length;
    std::string out = write_response(response, keeps_client, framing);
    if (is_page_to_scan(request, response)) {
        const Body plan{response.framing, response.length, framing == Framing::chunked};
        co_return co_await pass_scanned(request, response, plan, std::move(out), keeps_client && body_is_sent);
    }
    // A short body that is here already goes out with its head, in one piece.
    std::uint64_t left = response.length;
    if (response.framing == Framing::length && server_.stream().buffer.size() >= left) {
        out.append(server_.stream().buffer, 0, left);
        server_.stream().buffer.erase(0, left);
        left = 0;
    }
    const bool written = co_await client_.write(out);
    if (!written) co_return false;
    Passed body = Passed::done;
    const Body plan{response.framing, left, framing == Framing::chunked};
    if (response.framing != Framing::none && (response.framing != Framing::length || left > 0))
        body = co_await pass_body(server_.stream(), client_, plan, moved_);
    end_answer(response, body_is_sent && body == Passed::done);
    co_return keeps_client&& body == Passed::done;
}

// A page that a person looks at, of which the words matter, and are visible.
bool Exchange::is_page_to_scan(const RequestHead& request, const ResponseHead& response) {
    if (response.framing == Framing::none || BlockPageFor::request(request, false).purpose != Purpose::page)
        return false;
    const auto type = media_type_of(response);
    const bool is_text = type == "text/html" || type == "application/xhtml+xml";
    return is_text && parse_coding(field_of(response.fields, "content-encoding")) && judge_.minds_content();
}

asio::awaitable<bool> Exchange::pass_scanned(const RequestHead& request, const ResponseHead& response, Body plan,
                                             std::string head, bool keeps_client) {
    std::optional<Ruling> refused;
    const auto coding = *parse_coding(field_of(response.fields, "content-encoding"));
    const Holding holding;
    BodyHold hold{std::move(head), pages_held > many_pages ? max_scanned_of_many : max_scanned,
                  [&](std::string_view body) {
                      const auto scores = Phrases::shipped().scores(text_of_html(decode(coding, body)));
                      if (!scores.empty()) refused = judge_.ask_content(scores);
                      return !refused;
                  }};
    const auto body = co_await pass_body(server_.stream(), client_, plan, moved_, &hold);
    if (body == Passed::held_back) {
        server_.close();
        co_return co_await block(request, *refused);
    }
    end_answer(response, keeps_client && body == Passed::done);
    co_return keeps_client&& body == Passed::done;
}

asio::awaitable<bool> Exchange::pass_websocket(const ResponseHead& response) {
    const auto out = write_response(response, true, Framing::none);
    const bool written = co_await client_.write(out);
    if (!written) co_return false;
    const std::function<void()> moved = [this] { judge_.note_traffic(); };
    co_await run_tunnel(client_, server_.stream(), watchdog_, moved);
    client_.close();
    server_.close();
    co_return false;
}

asio::awaitable<bool> Exchange::block(const RequestHead& request, Ruling ruling) {
    const bool stays = co_await reply_.block(request, std::move(ruling));
    if (stays) watchdog_.set(keep_alive_limit);
    co_return stays;
}

// The size of the head at the front of what the server said, once it is whole; nothing when it never will be.
asio::awaitable<std::optional<std::size_t>> Exchange::read_head() {
    auto& stream = server_.stream();
    for (;;) {
        const auto found = find_head(stream.buffer);
        if (std::holds_alternative<HttpFault>(found)) co_return std::nullopt;
        if (const auto size = std::get<0>(found)) co_return size;
        const bool more = co_await stream.read_more();
        if (!more) co_return std::nullopt;
    }
}

// Octets that belong to no answer end the connection: nobody may slip one in.
void Exchange::end_answer(const ResponseHead& response, bool is_whole) {
    if (response.keeps_alive && is_whole && server_.stream().buffer.empty() && !response.binds_connection)
        server_.wait();
    else
        server_.close();
}

}  // namespace hort::proxy
