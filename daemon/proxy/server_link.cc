#include "daemon/proxy/server_link.h"

#include "daemon/proxy/connector.h"

namespace hort::proxy {

asio::awaitable<bool> ServerLink::look_up(Destination& to, Ruling& ruling) {
    if (!to.resolved.addresses.empty()) co_return true;
    to.resolved = co_await resolve(parts_->resolver, to.asked);
    ruling = judge_.ask_where_it_leads(std::move(ruling), to.resolved);
    // Where another proxy goes out for us, it finds the address.
    co_return ruling.is_blocked() || !to.resolved.addresses.empty() || parts_->settings.upstream;
}

bool ServerLink::take(const Destination& to) {
    if (waits_for(to)) {
        is_waiting_ = false;
        return true;
    }
    put_away();
    auto key = key_of(to);
    auto resting = parts_->pool->take(key);
    if (!resting) return false;
    stream_ = std::move(*resting);
    key_ = std::move(key);
    return true;
}

namespace {

std::string authority_of(std::string_view host, std::uint16_t port) {
    std::string out;
    const bool is_v6 = host.find(':') != std::string_view::npos;
    if (is_v6) out += '[';
    out.append(host);
    if (is_v6) out += ']';
    out += ':';
    return out.append(std::to_string(port));
}

}  // namespace

asio::awaitable<int> ServerLink::open(const Destination& to, Use use) {
    const auto& upstream = parts_->settings.upstream;
    auto addresses = to.resolved.addresses;
    auto port = to.port;
    if (upstream) {
        const auto there = co_await resolve(parts_->resolver, upstream->host);
        addresses = there.addresses;
        port = upstream->port;
    }
    auto connected = co_await connect_to(std::move(addresses), port, parts_->settings.own, *parts_->failed_lately);
    if (connected.status != 0) co_return connected.status;
    close();
    stream_ = Stream(std::move(connected.socket));
    key_ = key_of(to);
    if (upstream && use == Use::tunnel) {
        const bool is_open = co_await open_tunnel_there(authority_of(to.host, to.port));
        if (!is_open) co_return 502;
    }
    if (!to.is_tls) co_return 0;
    const bool is_trusted = co_await begin_tls(to);
    co_return is_trusted ? 0 : 502;
}

// RFC 9110 section 9.3.6.
asio::awaitable<bool> ServerLink::open_tunnel_there(std::string place) {
    std::string head = "CONNECT " + place + " HTTP/1.1\r\nHost: " + place + "\r\n";
    const auto& authorization = parts_->settings.upstream->authorization;
    if (!authorization.empty()) head += "Proxy-Authorization: " + authorization + "\r\n";
    head += "\r\n";
    const bool written = co_await stream_.write(head);
    if (!written) co_return false;
    for (;;) {
        const auto found = find_head(stream_.buffer);
        if (std::holds_alternative<HttpFault>(found)) co_return false;
        if (const auto size = std::get<0>(found)) {
            const auto parsed = parse_response(std::string_view(stream_.buffer).substr(0, *size), "CONNECT");
            const auto* response = std::get_if<ResponseHead>(&parsed);
            const bool is_open = response != nullptr && response->status / 100 == 2;
            stream_.buffer.erase(0, *size);
            co_return is_open;
        }
        const bool more = co_await stream_.read_more();
        if (!more) co_return false;
    }
}

std::string ServerLink::head_of(const RequestHead& request, const Destination& to) const {
    const auto& upstream = parts_->settings.upstream;
    if (!upstream || to.is_tls) return write_request(request);
    // A proxy is told the whole URL (absolute-form, RFC 9112 section 3.2.2).
    std::string url = "http://";
    url.append(authority_of(request.host, to.port));
    if (!request.path.starts_with('/')) url += '/';
    url.append(request.path);
    auto whole = request;
    whole.path = url;
    if (!upstream->authorization.empty()) whole.fields.push_back({"Proxy-Authorization", upstream->authorization});
    return write_request(whole);
}

asio::awaitable<bool> ServerLink::begin_tls(const Destination& to) {
    const auto name = Hostname::parse(to.host);
    auto layer = name ? parts_->interceptor->client_for(*name) : nullptr;
    if (!layer) co_return false;
    co_return co_await stream_.begin_tls(std::move(layer));
}

void ServerLink::wait_for(const Destination& to) {
    key_ = key_of(to);
    is_waiting_ = true;
}

void ServerLink::put_away() {
    if (is_waiting_) parts_->pool->keep(std::move(key_), std::move(stream_));
    close();
}

void ServerLink::close() {
    stream_.close();
    is_waiting_ = false;
}

}  // namespace hort::proxy
