#include "daemon/proxy/http_session.h"

#include "daemon/family_page.h"
#include "daemon/proxy/decoder.h"
#include "daemon/proxy/exchange.h"
#include "daemon/proxy/first_words.h"
#include "daemon/proxy/judge.h"
#include "daemon/proxy/local_pages.h"
#include "daemon/proxy/reply.h"
#include "daemon/proxy/server_link.h"
#include "daemon/proxy/tunnel.h"
#include "platform/original_destination.h"
#include "rules/ascii.h"
#include "rules/safe_request.h"

namespace hort::proxy {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
constexpr auto head_limit = 10s;
constexpr std::string_view established = "HTTP/1.1 200 Connection established\r\n\r\n";

class Session {
  public:
    Session(tcp::socket client, std::shared_ptr<const SessionParts> parts, const Arrival& arrival)
        : client_(std::move(client)),
          parts_(std::move(parts)),
          server_(client_.socket.get_executor(), parts_, judge_),
          watchdog_(client_.socket.get_executor(), [this] { time_is_up(); }),
          arrival_(arrival),
          judge_(parts_->policy, parts_->log, parts_->meter, parts_->live, [this] { close_both(); }) {}

    asio::awaitable<void> run() {
        error_code fault;
        prepare(client_.socket);
        const auto remote = client_.socket.remote_endpoint(fault);
        if (fault) co_return;
        const auto local = client_.socket.local_endpoint(fault);
        if (fault) co_return;
        own_ = from_asio(local);
        bool goes_on = true;
        watchdog_.set(head_limit);
        if (arrival_.is_redirected) {
            goes_on = co_await begin_redirected(from_asio(remote));
        } else {
            judge_.meet(from_asio(remote), own_);
        }
        while (goes_on) {
            goes_on = co_await wait_for_request();
            if (goes_on) goes_on = co_await serve_request();
        }
        if (passes_all_) {
            co_await pass_all();
            co_return;
        }
        server_.put_away();
        // What the client still sends is read away for a moment, or a reset would destroy the answer on its way.
        if (client_.socket.is_open()) {
            client_.end();
            watchdog_.set(1s);
            client_.buffer.clear();
            for (int i = 0; i < 64 && co_await client_.read_more(); ++i) client_.buffer.clear();
        }
    }

  private:
    void close_both() {
        client_.close();
        server_.close();
    }
    // Who began a request and does not end it is told; the answer fits the socket's buffer, or it is none.
    void time_is_up() {
        error_code ignored;
        if (is_reading_head_ && !client_.buffer.empty())
            client_.socket.write_some(asio::buffer(error_page(408, "the request took too long")), ignored);
        close_both();
    }
    // Nothing of what a request needs is there while none is: connections rest long, and are many.
    asio::awaitable<bool> wait_for_request() {
        if (client_.buffer.empty()) {
            judge_.rest();
            const bool more = co_await client_.read_more();
            judge_.work();
            if (!more) co_return false;
        }
        watchdog_.set(head_limit);  // from the first octet to the end of the head
        co_return true;
    }
    // The size of the head at the front of the client's buffer, once it is whole; nothing when it never will be.
    asio::awaitable<std::optional<std::size_t>> read_head(std::optional<HttpFault>& fault) {
        for (;;) {
            const auto found = find_head(client_.buffer);
            if (const auto* broken = std::get_if<HttpFault>(&found)) fault = *broken;
            if (fault) co_return std::nullopt;
            if (const auto size = std::get<0>(found)) co_return size;
            fault = fault_of_request_line(client_.buffer, form());
            if (fault) co_return std::nullopt;
            const bool more = co_await client_.read_more();
            if (!more) co_return std::nullopt;
        }
    }

    // A connection that the firewall sent here leads where it was to lead, once it is seen for which host it is.
    // Whoever speaks to this listener by itself would be led in circles.
    asio::awaitable<bool> begin_redirected(platform::Endpoint client) {
        const auto meant = platform::original_destination(client_.socket.native_handle());
        if (!meant || *meant == own_) co_return false;
        judge_.meet(client, *meant, arrival_);
        // Where two of this machine's connections have one port the firewall gives the second another one, and the
        // kernel does not say whose it is.
        if (own_.is_loopback() && judge_.is_nobodys()) co_return false;
        const auto address = platform::address_text(meant->address);
        Destination to{address, address, meant->port, {}, false};
        to.resolved.addresses.push_back(meant->address);
        if (judge_.is_supervised()) co_return co_await open_seen_tunnel(std::move(to));
        const int status = co_await server_.open(to, ServerLink::Use::tunnel);
        passes_all_ = status == 0;
        co_return false;
    }

    // Everything in both directions, to the end of the connections.
    asio::awaitable<void> pass_all() {
        const std::function<void()> moved = [this] { judge_.note_traffic(); };
        co_await run_tunnel(client_, server_.stream(), watchdog_, moved);
        close_both();
    }

    Form form() const { return within_ ? Form::to_server : Form::to_proxy; }

    // Asks about what a request names, a host or an address. `host` becomes its normal form.
    std::optional<Ruling> ask(std::string& host, std::string_view path) {
        if (const auto address = platform::parse_address(host)) return judge_.ask(*address);
        const auto name = Hostname::parse(host);
        if (!name) return std::nullopt;
        host = name->text();  // one spelling from here on: what was decided on is what is connected to
        return path.empty() ? judge_.ask(*name) : judge_.ask(*name, path);
    }

    asio::awaitable<bool> serve_request() {
        std::optional<HttpFault> fault;
        is_reading_head_ = true;
        judge_.rest();
        const auto size = co_await read_head(fault);
        is_reading_head_ = false;
        judge_.work();
        if (fault) co_return co_await reply_.refuse(fault->status, fault->what);
        if (!size) co_return false;
        // The head leaves the buffer, so that the views into it stay valid while the body is read.
        const std::string head = client_.buffer.substr(0, *size);
        client_.buffer.erase(0, *size);
        auto parsed = parse_request(head, form());
        if (const auto* broken = std::get_if<HttpFault>(&parsed))
            co_return co_await reply_.refuse(broken->status, broken->what);
        auto& request = std::get<RequestHead>(parsed);
        parts_->counters.proxy_requests.fetch_add(1, std::memory_order_relaxed);
        if (request.framing == Framing::chunked && is_broken_chunked(client_.buffer))
            co_return co_await reply_.refuse(400, "a body that is broken");
        if (request.is_for_us) {
            const auto page = local_page(request.path, own_);
            if (page.empty())
                co_return co_await reply_.refuse(400, "this is a proxy: the request must name the whole URL");
            co_await client_.write(page);
            co_return false;
        }

        std::string host(request.host);
        if (is_same_ignoring_case(host, family_page) && request.port == 80 && !request.is_connect)
            co_return co_await serve_own_page(request);
        const bool is_asking = !request.is_connect && request.path == ask_path;
        judge_.nothing_passes();
        auto ruling = ask(host, request.is_connect ? std::string_view() : request.path);
        if (!ruling) co_return co_await reply_.refuse(400, "a host that is none");
        request.host = host;
        const auto& rewrite = ruling->decision.rewrite;
        Destination to{host, rewrite.empty() ? host : std::string(rewrite), request.port, {}, false};
        if (within_) {  // the connection leads where the tunnel was to lead; its name is asked about again, too
            to = *within_;
            if (arrival_.is_redirected && !to.resolved.addresses.empty())
                ruling = judge_.ask_where_it_leads(*std::move(ruling), to.resolved);
            // Of a redirected connection the name is known only where TLS told it.
            if ((to.is_tls || !arrival_.is_redirected) && to.host != host && !ruling->is_blocked())
                if (const auto of_tunnel = ask(to.host, {}); of_tunnel && of_tunnel->is_blocked()) ruling = of_tunnel;
        }
        if (is_asking) {
            watchdog_.set(head_limit);
            auto form = co_await reply_.read_question(request);
            if (!form) co_return false;
            const bool stays = co_await reply_.take_question(request, *ruling, *std::move(form));
            if (stays) watchdog_.set(keep_alive_limit);
            co_return stays;
        }
        if (ruling->is_blocked()) {
            // Who is looked into sees why: inside of the tunnel a browser shows the page.
            if (request.is_connect && refusal_of_port(request.port).empty() && can_look_into(host))
                co_return co_await open_blocked_tunnel(std::move(to));
            const bool stays = co_await reply_.block(request, *ruling);
            if (stays) watchdog_.set(keep_alive_limit);
            co_return stays;
        }
        if (request.is_connect) {
            if (const auto reason = refusal_of_port(request.port); !reason.empty())
                co_return co_await reply_.refuse(403, reason);
            co_return co_await open_tunnel(request, std::move(to), *ruling);
        }
        const auto name = Hostname::parse(host);
        const auto safe = name ? safe_request(*ruling->who.profile, *name, request.path) : SafeRequest();
        make_safe(request, safe);
        const std::string codings = decodable(field_of(request.fields, "accept-encoding"));
        if (judge_.minds_content() && BlockPageFor::request(request, false).purpose == Purpose::page)
            ask_for_what_can_be_read(request, codings);
        const bool goes_on = co_await exchange_.run(request, std::move(to), *ruling);
        if (!within_) judge_.nothing_passes();  // a tunnel ends with the leave for it, also between two requests
        co_return goes_on;
    }

    // What was refused to the reader lately: where TLS or a name was refused, a browser could not show why. A form on
    // it is about the site that it names.
    asio::awaitable<bool> serve_own_page(const RequestHead& request) {
        judge_.nothing_passes();
        watchdog_.set(head_limit);
        bool stays = false;
        if (request.path == ask_path) {
            auto form = co_await reply_.read_question(request);
            if (!form) co_return false;
            const auto site = Hostname::parse(form->site);
            if (!site) co_return co_await reply_.refuse(400, "a question about no site");
            auto ruling = judge_.would_say(*site);
            stays = co_await reply_.take_question(request, std::move(ruling), *std::move(form));
        } else if (request.path != "/" || (request.method != "GET" && request.method != "HEAD")) {
            co_return co_await reply_.refuse(404, "there is no such page");
        } else {
            const auto own = *Hostname::parse(family_page);
            auto reader = judge_.would_say(own);
            std::vector<Ruling> rulings;
            if (reader.who.person != nullptr)
                for (const auto& host : parts_->log.of(reader.who.person->id, reader.at))
                    if (auto ruling = judge_.would_say(host); ruling.is_blocked()) rulings.push_back(std::move(ruling));
            stays = co_await reply_.show_refusals(request, std::move(reader), std::move(rulings));
        }
        if (stays) watchdog_.set(keep_alive_limit);
        co_return stays;
    }

    static void make_safe(RequestHead& request, const SafeRequest& safe) {
        if (!safe.target.empty()) request.path = safe.target;
        for (const auto& field : safe.fields) {
            if (field.is_replacing)
                std::erase_if(request.fields, [&](const Field& old) { return is_same_field(old.name, field.name); });
            request.fields.push_back({field.name, field.value});
        }
    }

    // A page must come whole, and in a coding that can be undone.
    static void ask_for_what_can_be_read(RequestHead& request, std::string_view codings) {
        // Who resumes a download asks for a part of it, and no browser for a part of a page.
        const bool is_browser = field_of(request.fields, "accept").starts_with("text/html");
        std::erase_if(request.fields, [&](const Field& field) {
            return is_same_field(field.name, "accept-encoding") ||
                   (is_browser && (is_same_field(field.name, "range") || is_same_field(field.name, "if-range")));
        });
        if (!codings.empty()) request.fields.push_back({"Accept-Encoding", codings});
    }

    std::string refusal_of_port(std::uint16_t port) {
        const auto& ports = parts_->settings.connect_ports;
        const bool is_listed = std::find(ports.begin(), ports.end(), port) != ports.end();
        if (is_listed || (port != 25 && !judge_.is_supervised())) return {};
        return "no tunnel to port " + std::to_string(port);
    }

    bool can_look_into(const std::string& host) {
        const auto name = parts_->interceptor != nullptr ? Hostname::parse(host) : Result<Hostname>(Error{});
        return name && judge_.may_look_into(*name) && parts_->interceptor->is_ready_for(*name);
    }

    // A tunnel to a blocked site, which leads nowhere: its client asks in it, and is answered why.
    asio::awaitable<bool> open_blocked_tunnel(Destination to) {
        const bool written = co_await client_.write(established);
        if (!written) co_return false;
        is_blocked_tunnel_ = true;
        co_return co_await open_seen_tunnel(std::move(to));
    }

    // A tunnel. Of the supervised it is first seen what goes in; before that, nothing is connected to.
    asio::awaitable<bool> open_tunnel(const RequestHead& request, Destination to, Ruling ruling) {
        watchdog_.set(answer_limit);
        const bool is_found = co_await server_.look_up(to, ruling);
        if (!is_found) co_return co_await reply_.refuse(502, "no address of " + to.host);
        if (ruling.is_blocked()) co_return co_await reply_.block(request, ruling);
        if (judge_.is_supervised()) {
            const bool written = co_await client_.write(established);
            if (!written) co_return false;
            co_return co_await open_seen_tunnel(std::move(to));
        }
        server_.put_away();
        const int status = co_await server_.open(to, ServerLink::Use::tunnel);
        if (status != 0) co_return co_await reply_.refuse(status, "no connection to " + to.host);
        const bool written = co_await client_.write(established);
        passes_all_ = written;
        co_return false;
    }

    // What a supervised client says first must be TLS for a server that it may reach, or HTTP, which is filtered like
    // any other; else the tunnel is closed, never passed on unseen.
    asio::awaitable<bool> open_seen_tunnel(Destination to) {
        watchdog_.set(head_limit);  // for the whole of it
        judge_.rest();
        const auto first = co_await read_first_words(client_);
        judge_.work();
        if (first.kind == FirstWords::Kind::none) co_return false;
        if (first.kind == FirstWords::Kind::other) co_return co_await reply_.deny(std::string(first.problem));
        if (first.kind == FirstWords::Kind::http) {
            within_ = std::move(to);
            co_return true;
        }
        const auto& name = first.hello.server_name;
        const bool can_see = name && first.hello.takes_http_1_1 && can_look_into(std::string(name->text()));
        const bool enters = !is_blocked_tunnel_ && may_enter(first.hello, to);
        if (can_see) co_return co_await look_into(std::move(to), *name, enters);
        if (!enters) co_return co_await reply_.deny({});
        watchdog_.set(answer_limit);
        server_.put_away();
        const int status = co_await server_.open(to, ServerLink::Use::tunnel);
        passes_all_ = status == 0;
        co_return false;
    }

    // Speaks TLS with both, so that what passes is seen. Where the server's certificate is in doubt the client gets the
    // original, and decides for itself.
    asio::awaitable<bool> look_into(Destination to, Hostname name, bool enters) {
        watchdog_.set(answer_limit);
        server_.put_away();
        to.host = std::string(name.text());
        if (to.asked.empty() || !enters) to.asked = to.host;
        if (enters) {
            const int status = co_await server_.open(to, ServerLink::Use::tunnel);
            if (status != 0) co_return false;
            const bool is_trusted = co_await server_.begin_tls(to);
            if (!is_trusted) {
                const int again = co_await server_.open(to, ServerLink::Use::tunnel);
                passes_all_ = again == 0;
                co_return false;
            }
        }
        to.is_tls = true;
        if (enters) server_.wait_for(to);
        auto layer = parts_->interceptor->server_for(name);
        if (!layer) co_return false;
        const bool is_open = co_await client_.begin_tls(std::move(layer));
        if (!is_open) {
            if (client_.tls != nullptr && !watchdog_.has_expired())
                parts_->interceptor->refused(name, client_.tls->alert());
            co_return false;
        }
        within_ = std::move(to);
        watchdog_.set(head_limit);
        co_return true;
    }

    // Who names one server to us and another one in the tunnel needs leave for both. A redirected connection names its
    // server only there; without, its address is asked about.
    bool may_enter(const ClientHello& hello, const Destination& to) {
        const auto& name = hello.server_name;
        const auto address = to.resolved.addresses.empty() ? AddressBytes{} : to.resolved.addresses.front();
        if (arrival_.is_redirected)
            return name ? !judge_.ask_where_it_leads(judge_.ask(*name), to.resolved).is_blocked()
                        : !judge_.ask(address, parts_->resolver.names_of(address)).is_blocked();
        return !name || name->text() == to.host || !judge_.ask(*name).is_blocked();
    }

    Stream client_;
    const std::shared_ptr<const SessionParts> parts_;
    Reply reply_{client_, *parts_};
    ServerLink server_;
    platform::Endpoint own_;  // our end of the client's connection
    Watchdog watchdog_;
    const Arrival arrival_;
    Judge judge_;
    Exchange exchange_{client_, server_, judge_, watchdog_, reply_};
    bool is_reading_head_ = false;
    // A tunnel is open. It begins when all that led to it has returned: tunnels live long, and are many.
    bool passes_all_ = false;
    bool is_blocked_tunnel_ = false;     // it leads nowhere
    std::optional<Destination> within_;  // where the tunnel leads in which HTTP is spoken
};

}  // namespace

asio::awaitable<void> serve_session(tcp::socket client, std::shared_ptr<const SessionParts> parts, Arrival arrival) {
    // On the heap: the watchdog points to it.
    const auto session = std::make_unique<Session>(std::move(client), std::move(parts), arrival);
    co_await session->run();
}

}  // namespace hort::proxy
