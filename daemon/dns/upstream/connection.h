// Connection: one to an upstream that is kept for many questions, and the transport that uses it.
//
// What is the same for TCP, TLS and HTTPS: connecting, waiting, the time-outs, closing when nobody uses it. How
// questions and answers are framed is told by what derives from it. On the io_context's thread.
#pragma once

#include <functional>
#include <map>

#include "daemon/dns/byte_stream.h"
#include "daemon/dns/upstream/transport.h"

namespace hort::dns {

class Connection : public std::enable_shared_from_this<Connection> {
  public:
    explicit Connection(const asio::any_io_executor& executor);
    virtual ~Connection() = default;

    // Connects, and reads until the end. Once only.
    void start(const UpstreamAddress& address, asio::ssl::context& tls);
    // Until it is connected, or has failed.
    asio::awaitable<void> wait_until_ready();
    asio::awaitable<Exchanged> ask(const Question& question, bool with_edns);

    bool is_dead() const { return is_dead_; }

  protected:
    // After the handshake; false when the other side speaks something else.
    virtual bool begin(const ByteStream& stream) = 0;
    // Queues the question; its number on this connection, negative when no more fit.
    virtual std::int32_t put(const Question& question, bool with_edns) = 0;
    // What is to be sent now; empty when there is nothing.
    virtual std::vector<std::uint8_t> take_output() = 0;
    // Reads answers and gives them to take(), until the connection ends.
    virtual asio::awaitable<void> read(ByteStream& stream) = 0;

    bool is_waited_for(std::int32_t number) const { return waiting_.contains(number); }
    const Question* question_of(std::int32_t number) const;
    void take(std::int32_t number, Exchanged result);
    // Sends what there is, unless that is under way.
    void flush();

  private:
    struct Waiting {
        Waiting(const asio::any_io_executor& executor, const Question& asked) : changed(executor), question(asked) {}
        asio::steady_timer changed;
        const Question& question;
        Exchanged result = Exchanged::failed(Exchanged::Failure::network);
    };
    static asio::awaitable<void> run(std::shared_ptr<Connection> self, UpstreamAddress address,
                                     asio::ssl::context& tls);
    static asio::awaitable<void> send(std::shared_ptr<Connection> self);
    static asio::awaitable<void> watch_idle(std::shared_ptr<Connection> self);
    // Ends it, and what waits for that reason.
    void fail(Exchanged::Failure why = Exchanged::Failure::network);

    const asio::any_io_executor executor_;
    std::unique_ptr<ByteStream> stream_;  // empty while it is being made
    asio::steady_timer ready_;            // cancelled once it is there, or is not
    asio::steady_timer idle_;
    std::map<std::int32_t, Waiting*> waiting_;
    bool is_sending_ = false, is_dead_ = false;
    bool was_used_ = false;  // has brought an answer
};

// Asks over one kept connection, and makes a new one when that has ended.
using ConnectionMaker = std::function<std::shared_ptr<Connection>(const asio::any_io_executor& executor)>;
std::shared_ptr<Transport> make_kept_transport(const UpstreamAddress& address, asio::ssl::context& tls,
                                               ConnectionMaker make);

}  // namespace hort::dns
