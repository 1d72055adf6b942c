// Client: a connection to the daemon that calls its commands.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "platform/local_socket.h"
#include "rules/result.h"

namespace hort::ctl {

class Client {
  public:
    // Of the daemon with this data folder, or of the installed service when `data` is empty.
    static Result<Client> connect(const std::string& data);

    // `file`: goes with it, see platform::LocalClient. The response as JSON-RPC says it: an object with "result" or
    // "error". Fails when the connection does.
    Result<nlohmann::json> ask(const std::string& method, const nlohmann::json& params, const std::string& file = {});
    // Its result, or its error.
    Result<nlohmann::json> call(const std::string& method, const nlohmann::json& params);

    // Goes with everything that is asked from here on.
    void set_pin(std::string pin) { pin_ = std::move(pin); }

  private:
    explicit Client(std::unique_ptr<platform::LocalClient> connection) : connection_(std::move(connection)) {}
    std::unique_ptr<platform::LocalClient> connection_;
    std::string pin_;
};

}  // namespace hort::ctl
