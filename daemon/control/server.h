// The control server: a Unix socket, JSON-RPC 2.0 a line, the caller's identity from the kernel.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "daemon/control/handlers.h"

namespace hort::control {

class Server {
  public:
    static constexpr std::size_t max_clients = 1000;
    // Of one account that is no guardian's, so that a child cannot keep the guardians out.
    static constexpr std::size_t max_clients_per_account = 20;

    // `path` of a former daemon that died is replaced; of a living one it is an error.
    static Result<std::unique_ptr<Server>> start(boost::asio::io_context& io, const std::string& path,
                                                 Household& household);
    virtual ~Server() = default;  // closes and removes the socket
};

}  // namespace hort::control
