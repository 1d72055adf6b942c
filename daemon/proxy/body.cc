#include "daemon/proxy/body.h"

#include "platform/splice.h"

namespace hort::proxy {
namespace {

// Turns what was read into what is written.
class Reframer {
  public:
    // What is read of the body goes to `held` alone at first; nullptr: on at once.
    Reframer(const Body& body, std::string* held) : body_(body), left_(body.length), held_(held) {
        is_over_ = body.framing == Framing::none || (body.framing == Framing::length && left_ == 0);
    }
    bool is_over() const { return is_over_; }
    // Octets that go on just as they are; 0 when they do not, or nobody knows how many.
    std::uint64_t as_they_are() const {
        return body_.framing == Framing::length && !body_.as_chunks && held_ == nullptr ? left_ : 0;
    }
    void passed_as_they_are(std::uint64_t octets) {
        left_ -= octets;
        is_over_ = left_ == 0;
    }
    // What was held goes on, and what comes with it.
    void release(std::string& held, std::string& out) {
        held_ = nullptr;
        put(held, out);
        held = std::string();
    }

    // Appends to `out`, and returns how many octets are done with; nothing when they are no body.
    std::optional<std::size_t> turn(std::string_view bytes, std::string& out) {
        if (body_.framing != Framing::chunked) {
            const bool until_close = body_.framing == Framing::until_close;
            const auto used = until_close ? bytes.size() : std::min<std::uint64_t>(left_, bytes.size());
            put(bytes.substr(0, used), out);
            if (!until_close) left_ -= used;
            is_over_ = !until_close && left_ == 0;
            return used;
        }
        std::size_t used = 0;
        for (;;) {
            const auto step = chunks_.read(bytes.substr(used));
            if (step.is_broken) return std::nullopt;
            used += step.used;
            put(step.data, out);
            is_over_ = step.is_end;
            if (step.used == 0 || is_over_) return used;
        }
    }

  private:
    void put(std::string_view data, std::string& out) const {
        if (data.empty()) return;
        if (held_ != nullptr) {
            held_->append(data);
            return;
        }
        if (body_.as_chunks) {
            char size[20];
            out.append(size, static_cast<std::size_t>(std::snprintf(size, sizeof size, "%zx\r\n", data.size())));
        }
        out += data;
        if (body_.as_chunks) out += "\r\n";
    }

    const Body& body_;
    std::uint64_t left_;
    ChunkedReader chunks_;
    bool is_over_ = false;
    std::string* held_;
};

constexpr int max_steps = 16;  // of one body before others have their turn

// A long body without a copy, as far as that goes: `left` becomes what did not pass.
asio::awaitable<bool> splice_body(Stream& from, Stream& to, std::uint64_t& left, const std::function<void()>& moved) {
    using platform::Splice;
    const auto splice = Splice::make();
    if (splice == nullptr) co_return true;
    for (int step = 1; left > 0; ++step) {
        const auto done = splice->move(from.socket.native_handle(), to.socket.native_handle(),
                                       static_cast<std::size_t>(std::min<std::uint64_t>(left, SIZE_MAX)));
        bool is_ready = true;
        switch (done.outcome) {
            case Splice::Outcome::moved:
                left -= done.octets;
                moved();
                if (step % max_steps == 0) co_await asio::post(from.socket.get_executor(), asio::use_awaitable);
                break;
            case Splice::Outcome::source_empty:
                is_ready = co_await ready(from.socket, asio::ip::tcp::socket::wait_read);
                break;
            case Splice::Outcome::sink_full:
                is_ready = co_await ready(to.socket, asio::ip::tcp::socket::wait_write);
                break;
            case Splice::Outcome::ended:
            case Splice::Outcome::failed:
                is_ready = false;
        }
        if (!is_ready) co_return false;
    }
    co_return true;
}

}  // namespace

asio::awaitable<Passed> pass_body(Stream& from, Stream& to, Body body, const std::function<void()>& moved,
                                  BodyHold* hold) {
    std::string held;  // of the body, as it was read
    Reframer reframer(body, hold != nullptr ? &held : nullptr);
    std::string out;
    bool needs_more = false;
    bool is_short = from.tls != nullptr || to.tls != nullptr;
    while (!reframer.is_over()) {
        if (!is_short && from.buffer.empty() && reframer.as_they_are() >= splice_after) {
            auto left = reframer.as_they_are();
            const bool goes_on = co_await splice_body(from, to, left, moved);
            if (!goes_on) co_return Passed::source_failed;
            reframer.passed_as_they_are(reframer.as_they_are() - left);
            is_short = true;  // what is left is copied
            continue;
        }
        if (needs_more || from.buffer.empty()) {
            const bool more = co_await from.read_more();
            if (!more && body.framing != Framing::until_close) co_return Passed::source_failed;
            if (!more) break;
        }
        out.clear();
        const auto used = reframer.turn(from.buffer, out);
        if (!used) co_return Passed::source_failed;
        from.buffer.erase(0, *used);
        needs_more = *used == 0;  // half of a chunk's line
        if (hold != nullptr) {
            moved();
            if (!reframer.is_over() && held.size() < hold->limit) continue;
            if (!hold->may_pass(held)) co_return Passed::held_back;
            out = std::exchange(hold->first, {});
            hold = nullptr;
            reframer.release(held, out);
        }
        if (reframer.is_over() && body.as_chunks) out += "0\r\n\r\n";
        if (out.empty()) continue;
        moved();
        const bool written = co_await to.write(out);
        if (!written) co_return Passed::sink_failed;
    }
    if (hold != nullptr) {  // it ended with its connection, or was empty
        if (!hold->may_pass(held)) co_return Passed::held_back;
        out = std::exchange(hold->first, {});
        reframer.release(held, out);
        if (body.as_chunks && body.framing != Framing::until_close) out += "0\r\n\r\n";
        const bool written = co_await to.write(out);
        if (!written) co_return Passed::sink_failed;
    }
    if (body.as_chunks && body.framing == Framing::until_close) {
        const bool written = co_await to.write("0\r\n\r\n");
        if (!written) co_return Passed::sink_failed;
    }
    co_return Passed::done;
}

}  // namespace hort::proxy
