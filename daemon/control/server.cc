#include "daemon/control/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <map>
#include <span>
#include <utility>

#include "ctl/protocol.h"
#include "daemon/asio.h"
#include "daemon/control/dispatch.h"
#include "daemon/listening.h"
#include "platform/accounts.h"
#include "platform/local_socket.h"

namespace hort::control {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using Local = asio::local::stream_protocol;
constexpr auto write_limit = 30s;  // a client that never reads

Caller identify(const Policy& policy, std::uint32_t account) {
    Caller out;
    const auto owner = policy.owner_of(account);
    out.name = platform::account_name(owner).value_or("uid " + std::to_string(owner));
    if (const auto it = policy.by_account.find(owner); it != policy.by_account.end()) {
        out.role = ctl::Role::child;
        out.child = policy.people[it->second].name;
    }
    if (account == 0 || account == geteuid() || platform::is_in_group(account, "hort")) out.role = ctl::Role::guardian;
    return out;
}

class RunningServer final : public Server {
  public:
    RunningServer(asio::io_context& io, Local::acceptor acceptor, std::string path, Household& household)
        : io_(io), acceptor_(std::move(acceptor)), path_(std::move(path)), household_(household) {
        asio::co_spawn(io_, accept_all(acceptor_, alive_, [this](Local::socket socket) { take(std::move(socket)); }),
                       asio::detached);
    }
    ~RunningServer() override {
        *alive_ = false;
        unlink(path_.c_str());
    }

  private:
    // The answer to one command, which may take its time.
    struct Pending {
        explicit Pending(asio::io_context& io) : done(io, asio::steady_timer::time_point::max()) {}
        asio::steady_timer done;  // a signal: cancelled with the answer
        std::optional<std::string> answer;
        bool is_done = false;
    };

    void take(Local::socket socket) {
        const auto account = platform::peer_account(socket.native_handle());
        if (!account) return;
        const auto policy = household_.policy.load();
        const bool is_guardian = identify(*policy, *account).role == ctl::Role::guardian;
        const auto owner = policy->owner_of(*account);
        // However many others wait, there is room for guardians and for root, who asks for PAM.
        if (clients_ >= (is_guardian ? 2 : 1) * max_clients) return;
        if (const auto of_one = clients_of_.find(owner);
            !is_guardian && of_one != clients_of_.end() && of_one->second >= max_clients_per_account)
            return;
        ++clients_;
        ++clients_of_[owner];
        asio::co_spawn(io_, serve(std::move(socket), *account),
                       [this, alive = alive_, account = owner](const std::exception_ptr&) {
                           if (!*alive) return;
                           --clients_;
                           if (--clients_of_[account] == 0) clients_of_.erase(account);
                       });
    }

    asio::awaitable<void> serve(Local::socket socket, std::uint32_t account) {
        const auto alive = alive_;
        std::string buffer;
        std::shared_ptr<const platform::GivenFile> file;  // that came with the line
        for (;;) {
            error_code fault;
            std::optional<std::string> answer;
            bool is_last = false;
            const auto end = buffer.find('\n');
            if (end == std::string::npos && buffer.size() < ctl::protocol::max_line) {
                co_await socket.async_wait(Local::socket::wait_read, asio::redirect_error(asio::use_awaitable, fault));
                if (!*alive || fault) co_return;
                auto received = platform::receive_now(socket.native_handle(),
                                                      std::span(piece_).first(ctl::protocol::max_line - buffer.size()));
                buffer.append(piece_.data(), received.size);
                if (received.is_over) co_return;
                if (received.file) file = std::move(received.file);
                continue;
            }
            if (end == std::string::npos) {
                answer =
                    R"({"error":{"code":-32600,"message":"the line is longer than 65536 octets"},"id":null,"jsonrpc":"2.0"})";
                is_last = true;
            } else {
                auto line = std::string_view(buffer).substr(0, end);
                if (line.ends_with('\r')) line.remove_suffix(1);
                // Asked each time: a child whose account was bound a moment ago is a child now.
                auto caller = identify(*household_.policy.load(), account);
                caller.file = std::exchange(file, nullptr);
                if (!line.empty()) {
                    // Shared: a client that goes away ends this coroutine before a long command is done.
                    auto pending = std::make_shared<Pending>(io_);
                    dispatch(household_, caller, line, [pending](std::optional<std::string> text) {
                        pending->answer = std::move(text);
                        pending->is_done = true;
                        pending->done.cancel();
                    });
                    if (!pending->is_done) co_await wait_for(pending->done);
                    if (!*alive) co_return;
                    answer = std::move(pending->answer);
                }
                buffer.erase(0, end + 1);
            }
            if (!answer) continue;
            *answer += '\n';
            asio::steady_timer timer(io_, write_limit);
            auto written = co_await (
                asio::async_write(socket, asio::buffer(*answer), asio::redirect_error(asio::use_awaitable, fault)) ||
                wait_for(timer));
            if (fault || written.index() == 1 || is_last) co_return;
        }
    }

    asio::io_context& io_;
    Local::acceptor acceptor_;
    const std::string path_;
    Household& household_;
    std::array<char, ctl::protocol::max_line> piece_;  // of a line, on its way into a client's buffer
    std::size_t clients_ = 0;
    std::map<std::uint32_t, std::size_t> clients_of_;  // by account
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(asio::io_context& io, const std::string& path, Household& household) {
    error_code fault;
    Local::acceptor acceptor(io);
    if (path.size() > 107) return Error{"the path of the control socket is too long", path, "at most 107 octets"};
    Local::socket probe(io);
    probe.connect(Local::endpoint(path), fault);
    if (!fault) return Error{"another hortd runs with this data folder", path, "stop it first"};
    unlink(path.c_str());
    acceptor.open(Local(), fault);
    const auto old_mask = umask(0177);
    acceptor.bind(Local::endpoint(path), fault);
    umask(old_mask);
    // Anyone may connect; what they may do is decided by who they are.
    if (!fault && chmod(path.c_str(), 0666) != 0) fault = error_code(errno, boost::system::system_category());
    if (!fault) acceptor.listen(1024, fault);
    if (fault) return Error{"cannot open the control socket: " + fault.message(), path, {}};
    return std::unique_ptr<Server>(std::make_unique<RunningServer>(io, std::move(acceptor), path, household));
}

}  // namespace hort::control
