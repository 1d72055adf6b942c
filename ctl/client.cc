#include "ctl/client.h"

namespace hort::ctl {

using nlohmann::json;

Result<Client> Client::connect(const std::string& data) {
    auto connection = platform::LocalClient::connect(platform::control_address(data));
    if (!connection) return connection.error();
    return Client(*std::move(connection));
}

Result<json> Client::ask(const std::string& method, const json& params, const std::string& file) {
    json request = {{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
    if (!pin_.empty()) request["pin"] = pin_;
    if (auto sent = connection_->send_line(request.dump(-1, ' ', false, json::error_handler_t::replace), file); !sent)
        return sent.error();
    const auto answer = connection_->receive_line();
    if (!answer) return answer.error();
    auto response = json::parse(*answer, nullptr, false);
    if (!response.is_object() || (!response.contains("result") && !response.contains("error")))
        return Error{"the answer is not JSON-RPC: does another program listen there?", {}, {}};
    return response;
}

Result<json> Client::call(const std::string& method, const json& params) {
    auto response = ask(method, params);
    if (!response) return response.error();
    if (response->contains("error")) return Error{(*response)["error"].value("message", "refused"), {}, {}};
    return (*response)["result"];
}

}  // namespace hort::ctl
