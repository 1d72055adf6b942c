// DNS over HTTPS (RFC 8484): POST over HTTP/2.
#include "daemon/dns/http2.h"
#include "daemon/dns/upstream/connection.h"

namespace hort::dns {
namespace {

using Bytes = std::vector<std::uint8_t>;

class Https final : public Connection {
  public:
    Https(const asio::any_io_executor& executor, std::string authority, std::string path)
        : Connection(executor),
          authority_(std::move(authority)),
          path_(std::move(path)),
          http_(Http2::Side::client,
                {[this](std::int32_t id, Http2Message message) { receive(id, std::move(message)); },
                 [this](std::int32_t id) { take(id, Exchanged::failed(Exchanged::Failure::network)); }}) {}

  protected:
    bool begin(const ByteStream& stream) override { return stream.protocol() == "h2"; }

    std::int32_t put(const Question& question, bool with_edns) override {
        // Id 0, so that answers can be cached on their way (RFC 8484 section 4.1).
        Bytes query(512);
        query.resize(write_upstream_query(query, question, 0, with_edns));
        const auto size = std::to_string(query.size());
        const auto id = http_.request({{":method", "POST"},
                                       {":scheme", "https"},
                                       {":authority", authority_},
                                       {":path", path_},
                                       {"accept", "application/dns-message"},
                                       {"content-type", "application/dns-message"},
                                       {"content-length", size}},
                                      std::move(query));
        return id == 0 ? -1 : id;
    }

    Bytes take_output() override { return http_.take_output(); }

    asio::awaitable<void> read(ByteStream& stream) override {
        Bytes octets(16384);
        for (;;) {
            const auto got = co_await stream.read_some(octets);
            if (got == 0 || is_dead() || !http_.feed(std::span(octets).first(got))) co_return;
            flush();
            if (http_.is_over()) co_return;
        }
    }

  private:
    void receive(std::int32_t id, Http2Message message) {
        const auto* question = question_of(id);
        if (question == nullptr) return;
        const auto status = message.headers.find(":status");
        const bool is_good = status != message.headers.end() && status->second == "200" && !message.is_too_large;
        const auto about = is_good ? accept_over_connection(message.body, *question, 0) : std::nullopt;
        take(id, about ? Exchanged{Exchanged::Failure::none, std::move(message.body), *about}
                       : Exchanged::failed(Exchanged::Failure::network));
    }

    const std::string authority_, path_;
    Http2 http_;
};

}  // namespace

std::shared_ptr<Transport> make_https_transport(const UpstreamAddress& address, asio::ssl::context& tls) {
    const auto port = address.endpoints.front().port;
    auto authority = address.name;
    if (authority.find(':') != std::string::npos) {
        authority.insert(authority.begin(), '[');
        authority += ']';
    }
    if (port != 443) authority.append(1, ':').append(std::to_string(port));
    return make_kept_transport(address, tls, [authority, path = address.path](const asio::any_io_executor& executor) {
        return std::make_shared<Https>(executor, authority, path);
    });
}

}  // namespace hort::dns
