// The certificate of the encrypted listeners, ready for TLS.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "daemon/asio.h"
#include "rules/result.h"

namespace hort::dns {

using TlsContext = std::shared_ptr<asio::ssl::context>;

// What clients may choose from by ALPN (RFC 7301), best first. Who offers only others is turned away.
struct ProtocolOffer {
    std::string_view protocols[2];
};
inline constexpr ProtocolOffer dot_offer{{"dot", {}}}, doh_offer{{"h2", "http/1.1"}};

// `certificate` and `key` are PEM files. `offer` outlives the context.
Result<TlsContext> read_certificate(const std::string& certificate, const std::string& key, const ProtocolOffer& offer);

}  // namespace hort::dns
