#include "daemon/proxy/upstream_pool.h"

#include "daemon/pending_timer.h"

namespace hort::proxy {

struct UpstreamPool::State {
    explicit State(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    bool is_armed = false, is_over = false;
    std::deque<Resting> resting;  // the longest resting first
};

namespace {

// A server that has closed, or that says something unasked, is of no use.
bool is_quiet(asio::ip::tcp::socket& socket) {
    char octet = 0;
    error_code fault;
    socket.read_some(asio::buffer(&octet, 1), fault);
    return fault == asio::error::would_block;
}

}  // namespace

UpstreamPool::UpstreamPool(const asio::any_io_executor& executor) : state_(std::make_shared<State>(executor)) {}

UpstreamPool::~UpstreamPool() {
    state_->is_over = true;
    state_->timer.cancel();
}

std::optional<Stream> UpstreamPool::take(const Key& key) {
    auto& resting = state_->resting;
    for (std::size_t i = resting.size(); i-- > 0;) {
        if (resting[i].key != key) continue;
        Stream stream = std::move(resting[i].stream);
        resting.erase(resting.begin() + static_cast<std::ptrdiff_t>(i));
        if (is_quiet(stream.socket)) return stream;
    }
    return std::nullopt;
}

void UpstreamPool::keep(Key key, Stream stream) {
    // TLS speaks unasked (tickets), which cannot be told from an answer without reading it.
    if (!stream.socket.is_open() || !stream.buffer.empty() || stream.tls != nullptr) return;
    stream.buffer = std::string();
    const auto alike = std::count_if(state_->resting.begin(), state_->resting.end(),
                                     [&](const Resting& other) { return other.key == key; });
    if (alike >= static_cast<std::ptrdiff_t>(max_resting_alike)) return;  // closes it
    if (state_->resting.size() == max_resting) state_->resting.pop_front();
    state_->resting.push_back({std::move(key), std::move(stream), asio::steady_timer::clock_type::now()});
    if (!state_->is_armed) arm(state_);
}

// One timer for all, which is set only while something rests.
void UpstreamPool::arm(const std::shared_ptr<State>& state) {
    state->is_armed = true;
    state->timer.expires_at(state->resting.front().since + rest_limit);
    state->timer.async_wait([state, pending = PendingTimer()](const error_code& fault) {
        state->is_armed = false;
        if (fault || state->is_over) return;
        const auto now = asio::steady_timer::clock_type::now();
        while (!state->resting.empty() && state->resting.front().since + rest_limit <= now) state->resting.pop_front();
        if (!state->resting.empty()) arm(state);
    });
}

}  // namespace hort::proxy
