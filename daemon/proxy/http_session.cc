#include "daemon/proxy/http_session.h"

#include "daemon/proxy/block_page.h"
#include "daemon/proxy/connector.h"
#include "daemon/proxy/http_message.h"
#include "daemon/proxy/tunnel.h"
#include "daemon/proxy/watchdog.h"
#include "platform/clock.h"
#include "rules/url_path.h"

namespace hort::proxy {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
constexpr auto head_limit = 10s, keep_alive_limit = 60s, body_limit = 60s, answer_limit = 120s;
constexpr std::size_t read_size = 16 << 10;
constexpr int max_interim = 8;  // 1xx answers before the real one

// A socket with the octets that were read from it and not used yet.
struct Stream {
    tcp::socket socket;
    std::string buffer;
};

asio::awaitable<bool> read_more(Stream& stream) {
    error_code fault;
    const auto size = stream.buffer.size();
    stream.buffer.resize(size + read_size);
    const auto got = co_await stream.socket.async_read_some(asio::buffer(stream.buffer.data() + size, read_size),
                                                            asio::redirect_error(asio::use_awaitable, fault));
    stream.buffer.resize(size + (fault ? 0 : got));
    co_return !fault;
}

asio::awaitable<bool> write_all(tcp::socket& socket, std::string_view bytes) {
    error_code fault;
    co_await asio::async_write(socket, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, fault));
    co_return !fault;
}

enum class Passed { done, source_failed, sink_failed };

class Session final : public LiveConnection {
  public:
    Session(tcp::socket client, const SessionParts& parts)
        : client_{std::move(client), {}},
          server_{tcp::socket(client_.socket.get_executor()), {}},
          parts_(parts),
          watchdog_(client_.socket.get_executor(), [this] { close_both(); }) {
        parts_.live->all.insert(this);
    }
    ~Session() override { parts_.live->all.erase(this); }

    std::optional<Moment> recheck(const Policy& policy, const Moment& now) override {
        if (!current_) return std::nullopt;
        const auto who = subject_of(policy, platform::Transport::tcp, client_address_, proxy_address_);
        const auto decision = decide(policy, who, Target(*current_, std::string_view(current_url_)), now);
        if (!decision.is_blocked()) return decision.until;
        parts_.log.blocked(Channel::proxy, who, *current_, decision);
        close_both();
        return std::nullopt;
    }

    asio::awaitable<void> run() {
        error_code fault;
        client_.socket.set_option(tcp::no_delay(true), fault);
        const auto remote = client_.socket.remote_endpoint(fault);
        if (fault) co_return;
        const auto local = client_.socket.local_endpoint(fault);
        if (fault) co_return;
        client_address_ = from_asio(remote);
        proxy_address_ = from_asio(local);
        bool goes_on = true;
        watchdog_.set(head_limit);
        while (goes_on) goes_on = co_await serve_request();
        // What the client still sends is read away for a moment, or a reset would destroy the answer on its way.
        client_.socket.shutdown(tcp::socket::shutdown_send, fault);
        if (!fault) {
            watchdog_.set(1s);
            client_.buffer.clear();
            for (int i = 0; i < 64 && co_await read_more(client_); ++i) client_.buffer.clear();
        }
    }

  private:
    void close_both() {
        error_code ignored;
        client_.socket.close(ignored);
        server_.socket.close(ignored);
    }

    // What passes now counts for whom it passes.
    void note_traffic() {
        if (current_ && person_ != 0) parts_.meter.passed(person_, *current_, is_by_account_);
    }

    asio::awaitable<bool> refuse(int status, std::string what) {
        parts_.counters.proxy_refused.fetch_add(1, std::memory_order_relaxed);
        co_await write_all(client_.socket, error_page(status, what));
        co_return false;
    }

    // The size of the head at the front of the stream's buffer, once it is whole; nothing when it never will be.
    asio::awaitable<std::optional<std::size_t>> read_head(Stream& stream, std::optional<HttpFault>& fault) {
        bool has_begun = !stream.buffer.empty();
        for (;;) {
            if (has_begun) {
                const auto found = find_head(stream.buffer);
                if (const auto* broken = std::get_if<HttpFault>(&found)) {
                    fault = *broken;
                    co_return std::nullopt;
                }
                if (const auto size = std::get<0>(found)) co_return size;
            }
            const bool more = co_await read_more(stream);
            if (!more) co_return std::nullopt;
            if (!has_begun && &stream == &client_)
                watchdog_.set(head_limit);  // from the first octet to the end of the head
            has_begun = true;
        }
    }

    asio::awaitable<bool> serve_request() {
        std::optional<HttpFault> fault;
        const auto size = co_await read_head(client_, fault);
        if (fault) co_return co_await refuse(fault->status, fault->what);
        if (!size) co_return false;
        // The head leaves the buffer, so that the views into it stay valid while the body is read.
        const std::string head = client_.buffer.substr(0, *size);
        client_.buffer.erase(0, *size);
        auto parsed = parse_request(head);
        if (const auto* broken = std::get_if<HttpFault>(&parsed))
            co_return co_await refuse(broken->status, broken->what);
        auto& request = std::get<RequestHead>(parsed);
        parts_.counters.proxy_requests.fetch_add(1, std::memory_order_relaxed);

        std::string host(request.host);
        current_.reset();
        if (!platform::parse_address(host)) {
            const auto name = Hostname::parse(host);
            if (!name) co_return co_await refuse(400, name.error().text());
            host = name->text();  // one spelling from here on: what was decided on is what is connected to
            request.host = host;
            const auto policy = parts_.policy.load();
            const auto who = subject_of(*policy, platform::Transport::tcp, client_address_, proxy_address_);
            // Of a CONNECT no path is visible.
            const auto url = request.is_connect ? std::string() : normal_url(*name, request.path);
            const auto decision = decide(*policy, who, Target(*name, std::string_view(url)), platform::now());
            if (decision.is_blocked()) {
                parts_.counters.proxy_blocked.fetch_add(1, std::memory_order_relaxed);
                parts_.log.blocked(Channel::proxy, who, *name, decision);
                const bool stays = request.keeps_alive && !request.is_connect && request.framing == Framing::none;
                const bool written = co_await write_all(
                    client_.socket, block_page(decision, *policy, who, *name, stays, request.method == "HEAD"));
                if (written && stays) watchdog_.set(keep_alive_limit);
                co_return written&& stays;
            }
            if (decision.leaves_a_trace()) {
                person_ = who.person != nullptr && who.profile->is_supervised ? who.person->id : 0;
                is_by_account_ = who.is_by_account;
                current_ = *name;
                current_url_ = url;
                note_traffic();
                if (parts_.live->expect_change) parts_.live->expect_change(decision.until);
            }
        }
        if (request.is_connect) co_return co_await open_tunnel(request, host);
        const bool goes_on = co_await pass_on(request, host);
        current_.reset();
        co_return goes_on;
    }

    asio::awaitable<bool> open_tunnel(const RequestHead& request, const std::string& host) {
        watchdog_.set(answer_limit);
        auto connected = co_await connect_to(parts_.resolver, host, request.port, parts_.own);
        if (connected.status != 0) co_return co_await refuse(connected.status, "no connection to " + host);
        server_.socket = std::move(connected.socket);
        const bool written = co_await write_all(client_.socket, "HTTP/1.1 200 Connection established\r\n\r\n");
        if (!written) co_return false;
        std::string early;
        early.swap(client_.buffer);
        co_await run_tunnel(client_.socket, server_.socket, std::move(early), watchdog_, [this] { note_traffic(); });
        error_code ignored;
        client_.socket.close(ignored);
        co_return false;
    }

    // A server's connection is kept for the next request to the same host and port.
    asio::awaitable<int> reach(const std::string& host, std::uint16_t port, bool anew) {
        if (!anew && server_.socket.is_open() && server_host_ == host && server_port_ == port) co_return 0;
        error_code ignored;
        server_.socket.close(ignored);
        server_.buffer.clear();
        auto connected = co_await connect_to(parts_.resolver, host, port, parts_.own);
        if (connected.status != 0) co_return connected.status;
        server_.socket = std::move(connected.socket);
        server_host_ = host;
        server_port_ = port;
        is_server_fresh_ = true;
        co_return 0;
    }

    asio::awaitable<bool> pass_on(const RequestHead& request, const std::string& host) {
        watchdog_.set(answer_limit);
        const std::string head = write_request(request);
        for (int attempt = 0;; ++attempt) {
            is_server_fresh_ = false;
            const int status = co_await reach(host, request.port, attempt > 0);
            if (status != 0) co_return co_await refuse(status, "no connection to " + host);
            // A kept connection may have been closed by the server a moment ago: once more, on a fresh one, where
            // nothing but the head was sent and the method may be repeated (RFC 9110 section 9.2.2).
            const bool may_repeat = !is_server_fresh_ && request.framing == Framing::none && request.method != "POST" &&
                                    request.method != "PATCH";
            const bool sent = co_await write_all(server_.socket, head);
            if (!sent && may_repeat) continue;
            if (!sent) co_return co_await refuse(502, "the connection to " + host + " broke");
            if (request.expects_continue && client_.buffer.empty()) {
                const bool written = co_await write_all(client_.socket, "HTTP/1.1 100 Continue\r\n\r\n");
                if (!written) co_return false;
            }
            const auto body = co_await pass_body(client_, server_, request.framing, request.length,
                                                 request.framing == Framing::chunked);
            if (body == Passed::source_failed) co_return false;
            // A server that refuses early may stop reading; its answer is read all the same.
            watchdog_.set(answer_limit);
            bool has_answered = false;
            const bool goes_on = co_await pass_answer(request, body == Passed::done, has_answered);
            if (!has_answered && may_repeat && !watchdog_.has_expired()) continue;
            if (!has_answered) co_return co_await refuse(502, "no usable answer from " + host);
            if (goes_on) watchdog_.set(keep_alive_limit);
            co_return goes_on;
        }
    }

    // Reads the server's answer and writes it to the client. `has_answered` becomes true with the first octet that
    // goes to the client.
    asio::awaitable<bool> pass_answer(const RequestHead& request, bool body_is_sent, bool& has_answered) {
        std::string head;
        ResponseHead response;
        for (int interim = 0;; ++interim) {
            std::optional<HttpFault> fault;
            const auto size = co_await read_head(server_, fault);
            if (!size) {
                close_server();
                co_return false;
            }
            head = server_.buffer.substr(0, *size);
            server_.buffer.erase(0, *size);
            auto parsed = parse_response(head, request.method);
            if (std::holds_alternative<HttpFault>(parsed) || interim == max_interim ||
                std::get<ResponseHead>(parsed).status == 101) {
                close_server();
                co_return false;
            }
            response = std::move(std::get<ResponseHead>(parsed));
            if (response.status >= 200) break;
        }
        Framing framing = response.framing;
        bool keeps_client = request.keeps_alive && body_is_sent;
        if (framing == Framing::until_close && !request.is_http_1_0) framing = Framing::chunked;
        if (framing == Framing::chunked && request.is_http_1_0) framing = Framing::until_close;
        if (framing == Framing::until_close) keeps_client = false;
        has_answered = true;
        if (response.framing == Framing::none && request.method != "HEAD" && response.status != 204 &&
            response.status != 304)
            framing = Framing::length;
        std::string out = write_response(response, keeps_client, framing);
        // A short body that is here already goes out with its head, in one piece.
        std::uint64_t left = response.length;
        if (response.framing == Framing::length && server_.buffer.size() >= left) {
            out.append(server_.buffer, 0, left);
            server_.buffer.erase(0, left);
            left = 0;
        }
        const bool written = co_await write_all(client_.socket, out);
        if (!written) co_return false;
        const auto body = co_await pass_body(server_, client_, response.framing, left, framing == Framing::chunked);
        // Octets that belong to no answer end the connection: nobody may slip one in.
        if (!response.keeps_alive || !body_is_sent || body != Passed::done || !server_.buffer.empty()) close_server();
        co_return keeps_client&& body == Passed::done;
    }

    // Passes a body on, `as_chunks` or plain; trailers are dropped. What was not written is not read.
    asio::awaitable<Passed> pass_body(Stream& from, Stream& to, Framing framing, std::uint64_t length, bool as_chunks) {
        ChunkedReader chunks;
        const bool until_close = framing == Framing::until_close;
        bool is_over = framing == Framing::none || (framing == Framing::length && length == 0);
        std::string out;
        while (!is_over) {
            out.clear();
            if (from.buffer.empty()) {
                const bool more = co_await read_more(from);
                if (!more && !until_close) co_return Passed::source_failed;
                if (!more) break;
            }
            std::size_t used = 0;
            const auto put = [&](std::string_view data) {
                if (as_chunks) {
                    char size[20];
                    out.append(size,
                               static_cast<std::size_t>(std::snprintf(size, sizeof size, "%zx\r\n", data.size())));
                }
                out += data;
                if (as_chunks) out += "\r\n";
            };
            if (framing == Framing::chunked) {
                for (;;) {
                    const auto step = chunks.read(std::string_view(from.buffer).substr(used));
                    if (step.is_broken) co_return Passed::source_failed;
                    used += step.used;
                    if (!step.data.empty()) put(step.data);
                    is_over = step.is_end;
                    if (step.used == 0 || is_over) break;
                }
            } else {
                used = until_close ? from.buffer.size()
                                   : static_cast<std::size_t>(std::min<std::uint64_t>(length, from.buffer.size()));
                put(std::string_view(from.buffer).substr(0, used));
                length -= until_close ? 0 : used;
                is_over = !until_close && length == 0;
            }
            from.buffer.erase(0, used);
            if (!out.empty()) {
                note_traffic();
                watchdog_.set(body_limit);
                const bool written = co_await write_all(to.socket, out);
                if (!written) co_return Passed::sink_failed;
            } else if (!is_over) {
                const bool more = co_await read_more(from);  // half of a chunk's line
                if (!more) co_return Passed::source_failed;
            }
        }
        if (as_chunks) {
            const bool written = co_await write_all(to.socket, "0\r\n\r\n");
            if (!written) co_return Passed::sink_failed;
        }
        co_return Passed::done;
    }

    void close_server() {
        error_code ignored;
        server_.socket.close(ignored);
        server_.buffer.clear();
    }

    Stream client_, server_;
    SessionParts parts_;
    platform::Endpoint client_address_, proxy_address_;
    std::string server_host_;
    std::uint16_t server_port_ = 0;
    bool is_server_fresh_ = false;
    // The site that passes now, and for whom.
    std::optional<Hostname> current_;
    std::string current_url_;
    std::int64_t person_ = 0;
    bool is_by_account_ = false;
    Watchdog watchdog_;
};

}  // namespace

asio::awaitable<void> serve_session(tcp::socket client, SessionParts parts) {
    // On the heap: the watchdog points to it.
    const auto session = std::make_unique<Session>(std::move(client), parts);
    co_await session->run();
}

}  // namespace hort::proxy
