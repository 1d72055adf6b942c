#include "daemon/proxy/first_words.h"

namespace hort::proxy {

asio::awaitable<FirstWords> read_first_words(Stream& client) {
    FirstWords out;
    ClientHelloReader reader;
    std::size_t seen = 0;
    for (;;) {
        // Methods are upper case; no record of TLS begins like one.
        if (!client.buffer.empty() && client.buffer[0] >= 'A' && client.buffer[0] <= 'Z') {
            out.kind = FirstWords::Kind::http;
            co_return out;
        }
        const auto state = reader.read(std::string_view(client.buffer).substr(seen));
        if (state != ClientHelloReader::State::more) break;
        seen = client.buffer.size();
        const bool more = co_await client.read_more();
        if (!more) co_return out;
    }
    if (reader.state() == ClientHelloReader::State::done) {
        out.kind = FirstWords::Kind::tls;
        out.hello = reader.hello();
    } else {
        out.kind = FirstWords::Kind::other;
        out.problem = reader.problem();
    }
    co_return out;
}

}  // namespace hort::proxy
