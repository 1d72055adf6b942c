// DNS over TCP and TLS: each message behind its length (RFC 1035 section 4.2.2, RFC 7858).
#include <deque>

#include "daemon/dns/upstream/connection.h"

namespace hort::dns {
namespace {

using Bytes = std::vector<std::uint8_t>;

class Stream final : public Connection {
  public:
    using Connection::Connection;

  protected:
    bool begin(const ByteStream&) override { return true; }

    std::int32_t put(const Question& question, bool with_edns) override {
        auto id = random_id();
        while (is_waited_for(id)) ++id;  // an upstream gets 1,000 questions at once, so there is a free one
        Bytes query(514);
        const auto size = write_upstream_query(std::span(query).subspan(2), question, id, with_edns);
        put16(query, 0, static_cast<unsigned>(size));
        query.resize(size + 2);
        to_send_.push_back(std::move(query));
        return id;
    }

    Bytes take_output() override {
        if (to_send_.empty()) return {};
        auto out = std::move(to_send_.front());
        to_send_.pop_front();
        return out;
    }

    asio::awaitable<void> read(ByteStream& stream) override {
        for (;;) {
            std::array<std::uint8_t, 2> prefix;
            if (!co_await read_exactly(stream, prefix)) co_return;
            Bytes packet(get16(prefix, 0));
            if (packet.size() < header_size || !co_await read_exactly(stream, packet)) co_return;
            const auto id = get16(packet, 0);
            const auto* question = question_of(id);
            if (question == nullptr) continue;
            const auto about = accept_over_connection(packet, *question, id);
            take(id, about ? Exchanged{Exchanged::Failure::none, std::move(packet), *about}
                           : Exchanged::failed(Exchanged::Failure::network));
        }
    }

  private:
    std::deque<Bytes> to_send_;
};

}  // namespace

std::shared_ptr<Transport> make_stream_transport(const UpstreamAddress& address, asio::ssl::context& tls) {
    return make_kept_transport(
        address, tls, [](const asio::any_io_executor& executor) { return std::make_shared<Stream>(executor); });
}

}  // namespace hort::dns
