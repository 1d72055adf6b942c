// Authority: the certificate authority of this machine, which interception needs: it says to the browsers that trust it
// that this proxy may speak for a site. Its key is made here, is read by the daemon's account alone, and goes nowhere.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/hostname.h"
#include "rules/result.h"

namespace hort::proxy {

class Authority {
  public:
    static constexpr std::size_t max_kept = 1000;  // certificates of sites
    static constexpr std::int64_t site_days = 90;  // browsers take 199 at most from 2026 on
    static constexpr std::int64_t authority_days = 3650;

    // Makes a P-256 key and a certificate in `folder` ("authority.key", mode 0600, and "authority.pem"), which may
    // speak for any name but those of `never` (name constraints, RFC 5280 section 4.2.1.10). `now`: seconds since 1970.
    static Status make(const std::string& folder, const std::vector<std::string>& never, std::int64_t now);
    static Result<std::unique_ptr<Authority>> open(const std::string& folder);
    ~Authority();

    // For people who install it.
    const std::string& pem() const { return pem_; }
    std::string fingerprint() const;  // SHA-256, as browsers show it: "AB:CD:..."

    // A TLS server that speaks for the host, made or kept; `now` as above.
    SSL* server_for(const Hostname& host, std::int64_t now);

  private:
    struct Site;
    struct Parts;
    explicit Authority(std::unique_ptr<Parts> parts, std::string pem);
    X509* certificate_of(const Hostname& host, std::int64_t now);

    std::unique_ptr<Parts> parts_;
    std::string pem_;
    std::list<Site> sites_;  // the last asked for first
    std::unordered_map<std::string, std::list<Site>::iterator> by_name_;
};

}  // namespace hort::proxy
