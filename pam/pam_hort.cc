// pam_hort: a PAM account module that refuses a child's login while its time is up, with the reason in words.
// http://www.linux-pam.org/Linux-PAM-html/mwg-see-programming-secure.html
//
// It asks hortd (command "login") and waits for half a second at most, unless the line says another time. Root and
// guardians are never refused, and whoever hortd does not answer about logs in, but for accounts that the line in
// /etc/pam.d names:
//     account requisite pam_hort.so [socket=PATH] [timeout=MILLISECONDS] [offline_deny=ACCOUNT,ACCOUNT]
// It runs in programs of others (login, su, sshd, screen lockers): no state, no thread, no signal, no exception leaves
// it.
#include <poll.h>
#include <pwd.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

constexpr int usual_timeout = 500, max_timeout = 60'000;  // milliseconds
constexpr std::size_t max_answer = 16384;

class Socket {
  public:
    Socket() : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
    ~Socket() {
        if (fd_ >= 0) close(fd_);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    int fd() const { return fd_; }

    // Until something can be done, or the limit has passed.
    bool wait(short what, Clock::time_point end) const {
        for (;;) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
            if (left <= 0) return false;
            pollfd waited{fd_, what, 0};
            const int ready = poll(&waited, 1, static_cast<int>(left));
            if (ready > 0) return true;
            if (ready == 0 || errno != EINTR) return false;
        }
    }

  private:
    const int fd_;
};

// What hortd says; nothing where it does not say anything in time.
std::optional<json> ask(const std::string& path, const std::string& account, int timeout) {
    const auto end = Clock::now() + std::chrono::milliseconds(timeout);
    const Socket socket;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket.fd() < 0 || path.size() >= sizeof address.sun_path) return std::nullopt;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    if (connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return std::nullopt;
    const json request = {{"jsonrpc", "2.0"}, {"id", 1}, {"method", "login"}, {"params", {{"account", account}}}};
    const auto line = request.dump() + "\n";
    for (std::size_t sent = 0; sent < line.size();) {
        const auto put = send(socket.fd(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
        if (put > 0) sent += static_cast<std::size_t>(put);
        if (put < 0 && (errno != EAGAIN || !socket.wait(POLLOUT, end))) return std::nullopt;
    }
    std::string answer;
    while (answer.find('\n') == std::string::npos) {
        char buffer[2048];
        const auto got = recv(socket.fd(), buffer, sizeof buffer, 0);
        if (got > 0) answer.append(buffer, static_cast<std::size_t>(got));
        if (got == 0 || answer.size() > max_answer) return std::nullopt;
        if (got < 0 && (errno != EAGAIN || !socket.wait(POLLIN, end))) return std::nullopt;
    }
    auto response = json::parse(answer, nullptr, false);
    if (!response.is_object() || !response.contains("result") || !response["result"].is_object()) return std::nullopt;
    return std::move(response["result"]);
}

bool is_listed(std::string_view list, std::string_view name) {
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        if (list.substr(0, comma) == name) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

int decide(pam_handle_t* handle, int flags, int argc, const char** argv) {
    const char* name = nullptr;
    if (pam_get_user(handle, &name, nullptr) != PAM_SUCCESS || name == nullptr) return PAM_IGNORE;
    passwd entry{}, *found = nullptr;
    char buffer[16384];
    if (getpwnam_r(name, &entry, buffer, sizeof buffer, &found) != 0 || found == nullptr || found->pw_uid == 0)
        return PAM_IGNORE;
    std::string path = "/run/hort/control.sock", offline_deny;
    int timeout = usual_timeout;
    for (int i = 0; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word.starts_with("socket="))
            path = word.substr(7);
        else if (word.starts_with("timeout="))
            timeout = std::clamp(std::atoi(argv[i] + 8), 1, max_timeout);
        else if (word.starts_with("offline_deny="))
            offline_deny = word.substr(13);
        else
            pam_syslog(handle, LOG_ERR,
                       "unknown option: %s (expected socket=PATH, timeout=MILLISECONDS or offline_deny=ACCOUNTS)",
                       argv[i]);
    }
    const auto answer = ask(path, found->pw_name, timeout);
    if (!answer) {
        if (!is_listed(offline_deny, found->pw_name)) return PAM_IGNORE;
        if ((flags & PAM_SILENT) == 0)
            pam_error(handle, "%s", "Hort does not answer; please ask a grown-up to look after it.");
        return PAM_PERM_DENIED;
    }
    if (answer->value("may", true)) return PAM_SUCCESS;
    if ((flags & PAM_SILENT) == 0)
        pam_error(handle, "%s", answer->value("text", std::string("It is not your time.")).c_str());
    return PAM_PERM_DENIED;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int pam_sm_acct_mgmt(pam_handle_t* handle, int flags, int argc,
                                                            const char** argv) {
    try {
        return decide(handle, flags, argc, argv);
    } catch (...) {  // of memory, or an answer that is none
        return PAM_IGNORE;
    }
}

}  // extern "C"
