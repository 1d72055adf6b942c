// UpstreamPool: connections to servers that rest between two requests, for the next client that wants the same.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "daemon/proxy/stream.h"

namespace hort::proxy {

// On the io_context's thread.
class UpstreamPool {
  public:
    static constexpr std::size_t max_resting = 256, max_resting_alike = 8;
    static constexpr std::chrono::seconds rest_limit{15};

    // Of one person: what addresses a host may have can depend on who asks.
    struct Key {
        std::string host;
        std::uint16_t port = 0;
        std::int64_t person = 0;
        bool is_tls = false;
        friend bool operator==(const Key&, const Key&) = default;
    };

    explicit UpstreamPool(const asio::any_io_executor& executor);
    ~UpstreamPool();

    // One that was kept and is still open.
    std::optional<Stream> take(const Key& key);
    void keep(Key key, Stream stream);

  private:
    struct Resting {
        Key key;
        Stream stream;
        asio::steady_timer::time_point since;
    };
    struct State;
    static void arm(const std::shared_ptr<State>& state);
    std::shared_ptr<State> state_;
};

}  // namespace hort::proxy
