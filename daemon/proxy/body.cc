#include "daemon/proxy/body.h"

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

}  // namespace

asio::awaitable<Passed> pass_body(Stream& from, Stream& to, Body body, const std::function<void()>& moved,
                                  BodyHold* hold) {
    std::string held;  // of the body, as it was read
    Reframer reframer(body, hold != nullptr ? &held : nullptr);
    std::string out;
    bool needs_more = false;
    while (!reframer.is_over()) {
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
