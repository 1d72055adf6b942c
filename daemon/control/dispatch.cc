#include "daemon/control/dispatch.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ctl/protocol.h"
#include "rules/nearest.h"

namespace hort::control {
namespace {

using nlohmann::json;
namespace protocol = ctl::protocol;

// How deep arrays and objects nest, text not looked into.
int nesting_depth(std::string_view line) {
    int depth = 0, deepest = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (in_string) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                in_string = false;
        } else if (c == '"')
            in_string = true;
        else if (c == '{' || c == '[')
            deepest = std::max(deepest, ++depth);
        else if (c == '}' || c == ']')
            --depth;
    }
    return deepest;
}

std::string response(const json& id, const char* member, json content) {
    const json out = {{"jsonrpc", "2.0"}, {"id", id}, {member, std::move(content)}};
    return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string error(const json& id, int code, const std::string& message) {
    return response(id, "error", {{"code", code}, {"message", message}});
}

// A child asks about itself only.
bool is_about_self(const Caller& caller, const json& params) {
    if (!params.contains("child")) return true;
    const auto name = params.at("child").get<std::string>();
    return std::equal(name.begin(), name.end(), caller.child.begin(), caller.child.end(),
                      [](char a, char b) { return (a | 32) == (b | 32); });
}

}  // namespace

std::optional<std::string> dispatch(Household& household, const Caller& caller, std::string_view line) {
    if (nesting_depth(line) > protocol::max_depth) return error(nullptr, protocol::parse_error, "nested too deeply");
    const auto request = json::parse(line, nullptr, false);
    if (request.is_discarded()) return error(nullptr, protocol::parse_error, "not JSON");
    if (!request.is_object() || request.value("jsonrpc", json()) != "2.0" || !request.contains("method") ||
        !request["method"].is_string())
        return error(
            nullptr, protocol::invalid_request,
            "not a JSON-RPC 2.0 request: expected {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"...\",\"params\":{...}}");
    const json id = request.value("id", json());
    const bool is_notification = !request.contains("id");
    if (!id.is_null() && !id.is_string() && !id.is_number())
        return error(nullptr, protocol::invalid_request, "id is neither a string nor a number");

    const auto answer = [&]() -> std::string {
        const auto method = request["method"].get<std::string>();
        const auto* command = ctl::find_method(method);
        const auto handler = find_handler(method);
        if (command == nullptr || handler == nullptr) {
            std::vector<std::string> methods;
            for (const auto& known : ctl::all_commands())
                if (!known.is_local) methods.push_back(known.method());
            const std::vector<std::string_view> words(methods.begin(), methods.end());
            const auto near = nearest(method, words);
            return error(
                id, protocol::method_not_found,
                "no such method" + (near.empty() ? std::string() : "; did you mean " + std::string(near) + "?"));
        }
        if (static_cast<int>(caller.role) < static_cast<int>(command->role))
            return error(
                id, protocol::not_allowed,
                "only " +
                    std::string(command->role == ctl::Role::guardian ? "a guardian"
                                                                     : "a guardian or a child of the household") +
                    " may do this: " + std::string(command->name));
        const auto params = ctl::check_parameters(*command, request.value("params", json()));
        if (!params) return error(id, protocol::invalid_params, params.error().text());
        if (caller.role == ctl::Role::child && !is_about_self(caller, *params))
            return error(id, protocol::not_allowed, "a child may ask about itself only");
        auto result = handler(household, caller, *params);
        return result ? response(id, "result", *std::move(result))
                      : error(id, protocol::refused, result.error().text());
    }();
    if (is_notification) return std::nullopt;
    return answer;
}

}  // namespace hort::control
