// DNS over HTTPS: a request as it is read from HTTP, and the octets of an HTTP/2 connection, from either side. The
// first octet says which.
#include "daemon/dns/doh.h"

#include <cstdlib>
#include <vector>

#include "daemon/dns/http2.h"
#include "daemon/local_record.h"

using namespace hort;
using namespace hort::dns;

namespace {

void read_request(std::string_view text) {
    // Method, target, content type and body, with line feeds between.
    std::string_view parts[3];
    for (auto& part : parts) {
        part = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), part.size() + 1));
    }
    const std::span<const std::uint8_t> body(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    const auto request = read_doh_request(parts[0], parts[1], parts[2], body);
    if (request.status == 200 && request.query.size() < header_size) std::abort();
    if (!request.client_id.empty() && client_id_of(request.client_id) != request.client_id) std::abort();
    (void)client_id_of_server_name(parts[1], "dns.example");
    (void)lowest_ttl(body);
}

void speak_http2(Http2::Side side, std::span<const std::uint8_t> octets) {
    int messages = 0;
    Http2* session = nullptr;
    Http2::Events events;
    events.take = [&](std::int32_t stream, const Http2Message& message) {
        if (message.body.size() > Http2::max_body) std::abort();
        ++messages;
        if (side == Http2::Side::server)
            session->respond(stream, {{":status", "200"}, {"content-length", "2"}}, {1, 2});
    };
    events.lose = [](std::int32_t) {};
    Http2 http(side, std::move(events));
    session = &http;
    if (side == Http2::Side::client)
        (void)http.request({{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}, {1, 2, 3});
    (void)http.take_output();
    while (!octets.empty() && !http.is_over()) {
        const auto part = octets.first(std::min<std::size_t>(octets.size(), 97));
        octets = octets.subspan(part.size());
        if (!http.feed(part)) break;
        (void)http.take_output();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 100'000) return 0;
    const std::span<const std::uint8_t> rest(data + 1, size - 1);
    if (data[0] % 3 == 0)
        read_request({reinterpret_cast<const char*>(rest.data()), rest.size()});
    else
        speak_http2(data[0] % 3 == 1 ? Http2::Side::server : Http2::Side::client, rest);
    return 0;
}
