// Interceptor: everything that looking into TLS needs: this machine's authority for the browsers, the system's trust
// for the servers, and which sites are left alone because a program does not take part.
//
// On the io_context's thread.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "daemon/daemon.h"
#include "daemon/proxy/authority.h"
#include "daemon/proxy/tls_layer.h"

namespace hort::proxy {

class Interceptor final : public Interception {
  public:
    static constexpr int refusals_to_leave_alone = 3;
    static constexpr std::int64_t refusal_memory = 600, leave_alone_seconds = 86400;

    // `folder`: where the authority is kept. `trusted`: a file of certificates that servers may have beside those that
    // the system trusts; empty: none.
    static Result<std::unique_ptr<Interceptor>> make(std::string folder, const std::string& trusted);
    ~Interceptor() override;

    // --- what commands ask for ---
    Result<AuthorityState> authority() const override;
    Result<AuthorityState> make_authority(bool is_new) override;
    std::vector<std::string> left_alone() const override;

    // --- what a session asks for ---
    // May it be looked into at all? The decision core has agreed before.
    bool is_ready_for(const Hostname& host);
    // A server for a browser, and a client for a site that verifies its certificate; nullptr: not possible.
    std::unique_ptr<TlsLayer> server_for(const Hostname& host);
    std::unique_ptr<TlsLayer> client_for(const Hostname& host);
    // A browser or program ended the handshake with that alert (0: with none). When it said three times in ten minutes
    // that it does not take our certificate, the site is left alone for a day, which is logged.
    void refused(const Hostname& host, int alert);

  private:
    struct Trust;
    Interceptor(std::string folder, std::unique_ptr<Trust> trust);

    const std::string folder_;
    const std::unique_ptr<Trust> trust_;
    std::unique_ptr<Authority> authority_;
    struct Refusals {
        std::string host;
        int count = 0;
        std::int64_t last = 0;         // awake seconds
        std::int64_t alone_until = 0;  // 0: it is looked into
    };
    Refusals* find(const Hostname& host);
    std::deque<Refusals> refusals_;  // the oldest first; few
};

}  // namespace hort::proxy
