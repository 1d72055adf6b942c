// A whole session of the proxy: what a client and its servers say, and when, as a script. The first octet says for whom
// it is; then come parts, each begun by 0xff and a letter: C the client says the rest of the part, S the server that
// was connected to last says it, c the client will say no more, s that server closes.
//
// What reaches a server is read again, by other code than the proxy's: whole requests, none of which is blocked.
#include "daemon/proxy/http_session.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "daemon/log.h"
#include "daemon/proxy/session_parts.h"
#include "rules/compiler.h"

using namespace hort;

namespace hort {
// Instead of the daemon's, which would fill the disk.
void log_line(Level, std::string_view, std::initializer_list<std::pair<std::string_view, std::string>>) {}
}  // namespace hort

namespace {

[[noreturn]] void fail(const char* what, std::string_view about = {}) {
    std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(about.size()), about.data());
    std::abort();
}

// --- servers: the other ends of the sockets that the proxy makes, without a network between (see the linker's --wrap)
// ---

struct Server {
    int fd = -1;
    std::string seen;
};
std::map<int, int> unconnected;  // a socket of the proxy's -> its other end
std::vector<Server> servers;     // in the order in which they were connected to

}  // namespace

extern "C" {
int __real_socket(int family, int type, int protocol);
int __real_connect(int fd, const sockaddr* address, socklen_t size);

int __wrap_socket(int family, int type, int protocol) {
    if ((family != AF_INET && family != AF_INET6) || (type & 0xf) != SOCK_STREAM)
        return __real_socket(family, type, protocol);
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -1;
    if (const auto old = unconnected.find(ends[0]); old != unconnected.end()) close(old->second);
    unconnected[ends[0]] = ends[1];
    return ends[0];
}

int __wrap_connect(int fd, const sockaddr* address, socklen_t size) {
    const auto it = unconnected.find(fd);
    if (it == unconnected.end()) return __real_connect(fd, address, size);
    servers.push_back({it->second, {}});
    unconnected.erase(it);
    return 0;
}
}

namespace {

// --- what a session asks of the daemon ---

class Names final : public NameResolver {
  public:
    void resolve(const Hostname& host, std::function<void(Resolved)> done) override {
        Resolved out;
        if (host.text() == "alias.test") out.names.push_back(*Hostname::parse("www.blocked.test"));
        if (host.text() != "none.test") out.addresses.push_back(*platform::parse_address("203.0.113.9"));
        done(std::move(out));
    }
    std::vector<Hostname> names_of(const AddressBytes&) const override { return {}; }
};
class NoLog final : public DecisionLog {
  public:
    void noted(Channel, const Subject&, const Hostname&, const Decision&, const Moment&) override {}
};
class NoMeter final : public TrafficMeter {
  public:
    void passed(std::int64_t, const Hostname&, bool) override {}
};
class NoDesk final : public AskDesk {
  public:
    Status ask(std::int64_t, const std::string&, std::int64_t, const std::string&) override { return Done{}; }
};

std::shared_ptr<const Policy> policy_of(Tier tier) {
    const auto& taxonomy = Taxonomy::shipped();
    auto out = std::make_shared<Policy>();
    RulesetCompiler compiler(taxonomy, HashKey{1, 2});
    out->ruleset = *Ruleset::open(image_in_memory(*compiler.finish(0)), taxonomy);
    out->help = std::shared_ptr<const ProtectedHelp>(&ProtectedHelp::shipped(), [](const ProtectedHelp*) {});
    out->bypass = taxonomy.bypass();
    out->allow_list = taxonomy.allow_list();
    auto& profile = out->household;
    profile = Profile::of_tier(std::string(household_name), tier, taxonomy);
    if (tier == Tier::adult) return out;
    profile.scans_content = profile.has_safe_search = true;
    profile.restricted_mode = RestrictedMode::strict;
    profile.google_domains = "school.test";
    profile.add_site(*Hostname::parse("blocked.test"), {Verdict::block, false, nullptr, {}});
    for (const auto* rule : {"page:good.test/secret", "search:bad words", "download:exe", "type:video/*"})
        profile.web_rules.push_back({*WebRule::parse(rule), {Verdict::block, false, nullptr, {}}});
    return out;
}

// --- what a server may see ---

std::string lower_case(std::string_view text) {
    std::string out(text);
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// The octets of a chunked body; nothing when it is not whole yet.
std::optional<std::size_t> size_of_chunks(std::string_view text) {
    std::size_t at = 0;
    for (;;) {
        const auto end = text.find("\r\n", at);
        if (end == std::string_view::npos) return std::nullopt;
        const std::string digits(text.substr(at, end - at));
        if (digits.empty() || digits.size() > 16 ||
            digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
            fail("not the size of a chunk", digits);
        const auto size = std::strtoull(digits.c_str(), nullptr, 16);
        at = end + 2;
        if (size == 0) {
            if (text.size() < at + 2) return std::nullopt;
            if (text.substr(at, 2) != "\r\n") fail("something after the last chunk", text.substr(at));
            return at + 2;
        }
        if (text.size() - at < size || text.size() - at - size < 2) return std::nullopt;
        at += size;
        if (text.substr(at, 2) != "\r\n") fail("no end of a chunk", text.substr(at));
        at += 2;
    }
}

void check(std::string_view text, bool is_supervised) {
    while (!text.empty()) {
        if (text[0] == 0x16) return;  // TLS of a tunnel
        const auto end = text.find("\r\n\r\n");
        if (end == std::string_view::npos) fail("half a request", text);
        auto head = text.substr(0, end + 2);
        text.remove_prefix(end + 4);
        std::string method, target, host;
        std::optional<std::size_t> length;
        int hosts = 0;
        bool is_first = true, is_chunked = false, is_upgrade = false;
        while (!head.empty()) {
            const auto line = head.substr(0, head.find("\r\n"));
            head.remove_prefix(line.size() + 2);
            if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
                fail("a line in a line", line);
            if (std::exchange(is_first, false)) {
                const auto blank = line.find(' '), last = line.rfind(' ');
                if (blank == 0 || blank == last || line.substr(last) != " HTTP/1.1") fail("no request line", line);
                method = line.substr(0, blank);
                target = line.substr(blank + 1, last - blank - 1);
                if (target.empty() || target.find(' ') != std::string::npos) fail("no target", line);
                continue;
            }
            const auto colon = line.find(':');
            if (colon == 0 || colon == std::string_view::npos || line.find_first_of(" \t") < colon)
                fail("no field", line);
            const auto name = lower_case(line.substr(0, colon));
            std::string value(line.substr(colon + 1));
            while (value.starts_with(' ')) value.erase(0, 1);
            if (name == "host") host = lower_case(value), ++hosts;
            if (name == "upgrade") is_upgrade = true;
            if (name == "transfer-encoding") {
                if (value != "chunked" || is_chunked) fail("another coding", line);
                is_chunked = true;
            }
            if (name == "content-length") {
                if (length || value.empty() || value.find_first_not_of("0123456789") != std::string::npos)
                    fail("no length", line);
                length = std::strtoull(value.c_str(), nullptr, 10);
            }
        }
        if (hosts != 1) fail("not one host", method + " " + target);
        if (is_chunked && length) fail("two framings", target);
        host =
            host.substr(0, host.rfind(':') == std::string::npos || host.ends_with(']') ? host.size() : host.rfind(':'));
        if (target.starts_with("http://")) target = target.substr(std::min(target.find('/', 7), target.size()));
        if (is_supervised) {
            if (host == "blocked.test" || host.ends_with(".blocked.test") || host == "alias.test")
                fail("a blocked host", host);
            if (host == "good.test" && (target == "/secret" || target.starts_with("/secret/")))
                fail("a blocked page", target);
        }
        if (method == "CONNECT" || is_upgrade) return;  // what follows may be anything
        const auto size = is_chunked ? size_of_chunks(text) : std::optional(length.value_or(0));
        if (!size || *size > text.size()) return;  // still on its way
        text.remove_prefix(*size);
    }
}

// --- one session ---

class Play {
  public:
    Play(bool is_supervised, bool has_upstream) : client_socket_(io_) {
        static const auto child = policy_of(Tier::age_7_11), adult = policy_of(Tier::adult);
        policy_.publish(is_supervised ? child : adult);
        proxy::Settings settings;
        if (has_upstream) settings.upstream = proxy::UpstreamProxy{"proxy.test", 3128, "Basic eDp5"};
        parts_ = std::make_shared<const proxy::SessionParts>(proxy::SessionParts{
            policy_, names_, refusals_, counters_, meter_, std::make_shared<proxy::LiveConnections>(),
            std::make_shared<proxy::UpstreamPool>(io_.get_executor()), std::make_shared<proxy::FailedLately>(),
            std::make_shared<const proxy::AskTokens>(std::string(32, 'k')), desk_, nullptr, std::move(settings)});
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("no sockets");
        client_ = ends[1];
        client_socket_.assign(asio::ip::tcp::v4(), ends[0]);
        asio::co_spawn(io_, proxy::serve_session(std::move(client_socket_), std::move(parts_), proxy::Arrival{}),
                       [this](const std::exception_ptr& fault) {
                           if (fault) fail("an exception");
                           is_done_ = true;
                       });
        settle();
    }
    ~Play() {
        close(client_);
        for (const auto& server : servers)
            if (server.fd >= 0) close(server.fd);
        for (const auto& [fd, other] : unconnected) close(other);
        servers.clear();
        unconnected.clear();
    }

    void client_says(std::string_view octets) { say(client_, octets); }
    void client_ends() {
        shutdown(client_, SHUT_WR);
        settle();
    }
    void server_says(std::string_view octets) {
        if (!servers.empty() && servers.back().fd >= 0) say(servers.back().fd, octets);
    }
    void server_closes(std::size_t index) {
        if (index >= servers.size() || servers[index].fd < 0) return;
        close(std::exchange(servers[index].fd, -1));
        settle();
    }
    // Everybody leaves: then the session ends, too, without waiting for any time.
    void end() {
        client_ends();
        for (int turn = 0; turn < 100 && !is_done_; ++turn) {
            for (std::size_t i = 0; i < servers.size(); ++i) server_closes(i);
            settle();
            if (!is_done_) io_.run_one_for(std::chrono::milliseconds(50));
        }
        if (!is_done_) fail("a session that does not end");
    }
    const std::string& answers() const { return answers_; }

  private:
    void say(int fd, std::string_view octets) {
        while (!octets.empty()) {
            const auto put = send(fd, octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            settle();
            if (put <= 0) return;  // nobody reads it
            octets.remove_prefix(static_cast<std::size_t>(put));
        }
    }
    static bool take(int fd, std::string& into) {
        char space[16384];
        const auto got = fd < 0 ? 0 : recv(fd, space, sizeof space, MSG_DONTWAIT);
        if (got > 0) into.append(space, static_cast<std::size_t>(got));
        return got > 0;
    }
    // Until nothing happens any more.
    void settle() {
        for (bool goes_on = true; goes_on;) {
            io_.restart();
            goes_on = io_.poll() > 0;
            goes_on |= take(client_, answers_);
            for (auto& server : servers) goes_on |= take(server.fd, server.seen);
        }
    }

    asio::io_context io_;
    PolicyInForce policy_;
    Names names_;
    NoLog log_;
    Refusals refusals_{log_};
    NoMeter meter_;
    NoDesk desk_;
    Counters counters_;
    std::shared_ptr<const proxy::SessionParts> parts_;
    asio::ip::tcp::socket client_socket_;
    int client_ = -1;
    std::string answers_;
    bool is_done_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > 100'000) return 0;
    const bool is_supervised = (data[0] & 1) == 0, has_upstream = (data[0] & 2) != 0;
    std::string_view script(reinterpret_cast<const char*>(data + 1), size - 1);
    Play play(is_supervised, has_upstream);
    // Whatever goes into a tunnel of somebody who is not supervised is theirs.
    const bool is_opaque = !is_supervised && script.find("CONNECT") != std::string_view::npos;
    for (int parts = 0; parts < 64; ++parts) {
        const auto begin = script.find('\xff');
        if (begin == std::string_view::npos || begin + 2 > script.size()) break;
        const char kind = script[begin + 1];
        script.remove_prefix(begin + 2);
        const auto octets = script.substr(0, script.find('\xff'));
        if (kind == 'C') play.client_says(octets);
        if (kind == 'S') play.server_says(octets);
        if (kind == 'c') play.client_ends();
        if (kind == 's' && !servers.empty()) play.server_closes(servers.size() - 1);
    }
    play.end();
    for (const auto& server : servers)
        if (!is_opaque) check(server.seen, is_supervised);
    const std::string_view answers = play.answers();
    if (!answers.empty() && !answers.starts_with("HTTP/1.")) fail("no answer", answers.substr(0, 40));
    return 0;
}
