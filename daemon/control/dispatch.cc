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

void dispatch(Household& household, const Caller& caller, std::string_view line, LineAnswer give) {
    if (nesting_depth(line) > protocol::max_depth)
        return give(error(nullptr, protocol::parse_error, "nested too deeply"));
    const auto request = json::parse(line, nullptr, false);
    if (request.is_discarded()) return give(error(nullptr, protocol::parse_error, "not JSON"));
    if (!request.is_object() || request.value("jsonrpc", json()) != "2.0" || !request.contains("method") ||
        !request["method"].is_string())
        return give(error(
            nullptr, protocol::invalid_request,
            "not a JSON-RPC 2.0 request: expected {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"...\",\"params\":{...}}"));
    const json id = request.value("id", json());
    const bool is_notification = !request.contains("id");
    if (!id.is_null() && !id.is_string() && !id.is_number())
        return give(error(nullptr, protocol::invalid_request, "id is neither a string nor a number"));

    // Of a notification nothing is told, not even that it failed.
    const auto finish = [give, is_notification](std::string text) {
        give(is_notification ? std::nullopt : std::optional(std::move(text)));
    };
    const auto method = request["method"].get<std::string>();
    const auto* command = ctl::find_method(method);
    const auto handler = find_handler(method);
    if (command == nullptr || handler == nullptr) {
        std::vector<std::string> methods;
        for (const auto& known : ctl::all_commands())
            if (!known.is_local) methods.push_back(known.method());
        const std::vector<std::string_view> words(methods.begin(), methods.end());
        const auto near = nearest(method, words);
        return finish(
            error(id, protocol::method_not_found,
                  "no such method" + (near.empty() ? std::string() : "; did you mean " + std::string(near) + "?")));
    }
    const auto run = [&household, command, handler, id, finish,
                      params = request.value("params", json())](const Caller& who) {
        const auto checked = ctl::check_parameters(*command, params);
        if (!checked) return finish(error(id, protocol::invalid_params, checked.error().text()));
        if (who.role == ctl::Role::child && !is_about_self(who, *checked))
            return finish(error(id, protocol::not_allowed, "a child may ask about itself only"));
        handler(household, who, *checked, [id, finish](Result<json> result) {
            finish(result ? response(id, "result", *std::move(result))
                          : error(id, protocol::refused, result.error().text()));
        });
    };
    // A guardian at a child's session.
    if (const auto pin = request.value("pin", json()); caller.role != ctl::Role::guardian && !pin.is_null()) {
        if (!pin.is_string()) return finish(error(id, protocol::invalid_request, "pin is not text"));
        household.try_pin(caller.name, pin.get<std::string>(), [caller, run, id, finish](const Status& good) {
            if (!good) return finish(error(id, protocol::not_allowed, good.error().text()));
            auto guardian = caller;
            guardian.role = ctl::Role::guardian;
            guardian.name += " with the PIN";
            run(guardian);
        });
        return;
    }
    if (static_cast<int>(caller.role) < static_cast<int>(command->role))
        return finish(
            error(id, protocol::not_allowed,
                  "only " +
                      std::string(command->role == ctl::Role::guardian ? "a guardian"
                                                                       : "a guardian or a child of the household") +
                      " may do this: " + std::string(command->name) +
                      (household.people.setting("pin").empty() ? "" : "; --pin asks for the guardian's PIN") +
                      (caller.role == ctl::Role::child ? "; 'hortctl ask' asks for time or a site" : "")));
    run(caller);
}

}  // namespace hort::control
