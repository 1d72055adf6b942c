#include "daemon/proxy/tunnel.h"

#include "platform/splice.h"

namespace hort::proxy {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using asio::ip::tcp;
using platform::Splice;
constexpr auto idle_limit = 10min;
// Steps of one tunnel before others have their turn.
constexpr int max_steps = 16;

enum class Turn { source_empty, goes_on, ended, failed };

class Pump {
  public:
    Pump(Stream& from, Stream& to, Watchdog& watchdog, const std::function<void()>& moved)
        : from_(from), to_(to), watchdog_(watchdog), moved_(moved) {}

    asio::awaitable<void> run() {
        auto turn = Turn::source_empty;
        if (!from_.buffer.empty()) {
            const std::string first = std::exchange(from_.buffer, {});
            const bool written = co_await to_.write(first);
            if (!written) turn = Turn::failed;
            note(first.size());
        }
        while (turn == Turn::goes_on || turn == Turn::source_empty) {
            if (turn == Turn::source_empty && from_.tls == nullptr) {
                const bool is_ready = co_await ready(from_.socket, tcp::socket::wait_read);
                if (!is_ready) turn = Turn::failed;
                if (!is_ready) break;
            } else {  // others have their turn
                co_await asio::post(from_.socket.get_executor(), asio::use_awaitable);
            }
            turn = Turn::goes_on;
            for (int step = 0; step < max_steps && turn == Turn::goes_on; ++step) {
                if (from_.tls != nullptr || to_.tls != nullptr) {
                    turn = co_await pass();
                    continue;
                }
                if (splice_ == nullptr && total_ >= splice_after && !has_asked_) {
                    has_asked_ = true;
                    splice_ = Splice::make();
                }
                if (splice_ != nullptr)
                    turn = co_await splice();
                else
                    turn = co_await copy();
            }
        }
        if (turn == Turn::ended) {
            to_.end();
        } else {  // broken: nothing can go either way any more
            from_.close();
            to_.close();
        }
    }

  private:
    void note(std::size_t octets) {
        total_ += octets;
        watchdog_.set(idle_limit);
        moved_();
    }

    // With TLS on a side.
    asio::awaitable<Turn> pass() {
        const bool more = co_await from_.read_more();
        if (!more)
            co_return from_.tls != nullptr&& from_.tls->state() == TlsLayer::State::failed ? Turn::failed : Turn::ended;
        const std::string octets = std::exchange(from_.buffer, {});
        note(octets.size());
        const bool written = co_await to_.write(octets);
        co_return written ? Turn::goes_on : Turn::failed;
    }

    asio::awaitable<Turn> copy() {
        error_code fault;
        const auto space = scratch_buffer();
        const auto got = from_.socket.read_some(asio::buffer(space.data(), space.size()), fault);
        if (fault == asio::error::would_block) co_return Turn::source_empty;
        if (fault) co_return fault == asio::error::eof ? Turn::ended : Turn::failed;
        note(got);
        const auto put = to_.socket.write_some(asio::buffer(space.data(), got), fault);
        if (fault && fault != asio::error::would_block) co_return Turn::failed;
        if (put < got) {
            const std::string rest(space.data() + put, got - put);
            const bool written = co_await to_.write(rest);
            if (!written) co_return Turn::failed;
            watchdog_.set(idle_limit);
        }
        // A buffer that was not filled took all there was.
        co_return got < space.size() ? Turn::source_empty : Turn::goes_on;
    }

    asio::awaitable<Turn> splice() {
        for (;;) {
            const auto step = splice_->move(from_.socket.native_handle(), to_.socket.native_handle(), SIZE_MAX);
            switch (step.outcome) {
                case Splice::Outcome::moved:
                    note(step.octets);
                    co_return Turn::goes_on;
                case Splice::Outcome::source_empty:
                    co_return Turn::source_empty;
                case Splice::Outcome::ended:
                    co_return Turn::ended;
                case Splice::Outcome::failed:
                    co_return Turn::failed;
                case Splice::Outcome::sink_full: {
                    const bool is_ready = co_await ready(to_.socket, tcp::socket::wait_write);
                    if (!is_ready) co_return Turn::failed;
                }
            }
        }
    }

    Stream &from_, &to_;
    Watchdog& watchdog_;
    const std::function<void()>& moved_;
    std::size_t total_ = 0;
    bool has_asked_ = false;
    std::unique_ptr<Splice> splice_;
};

}  // namespace

asio::awaitable<void> run_tunnel(Stream& client, Stream& server, Watchdog& watchdog,
                                 const std::function<void()>& moved) {
    watchdog.set(idle_limit);
    Pump up(client, server, watchdog, moved), down(server, client, watchdog, moved);
    co_await (up.run() && down.run());
}

}  // namespace hort::proxy
