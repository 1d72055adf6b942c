// hortctl: one command to the daemon, its answer as text or JSON.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <nlohmann/json.hpp>

#include "ctl/command_line.h"
#include "ctl/completion.h"
#include "ctl/local_commands.h"
#include "ctl/protocol.h"
#include "ctl/render.h"
#include "ctl/setup.h"
#include "ctl/update_progress.h"
#include "platform/local_socket.h"

namespace {

enum Exit { done = 0, refused = 1, usage = 2, unreachable = 3 };

using nlohmann::json;

int say_unreachable(const hort::Error& error, const std::string& data) {
    std::fprintf(stderr, "hortctl: the daemon is not reachable: %s\n", error.text().c_str());
    std::fprintf(stderr, "Is hortd running%s? 'hortd --data DIR' starts one.\n",
                 data.empty() ? "" : " with this --data folder");
    return unreachable;
}

// The names of the children, where the daemon is there and tells them; empty otherwise.
std::vector<std::string> names_of_children(const std::string& data) {
    std::vector<std::string> out;
    const auto client = hort::platform::LocalClient::connect(hort::platform::control_address(data));
    if (!client) return out;
    const json request = {{"jsonrpc", "2.0"}, {"id", 1}, {"method", "status"}, {"params", json::object()}};
    if (!(*client)->send_line(request.dump())) return out;
    const auto answer = (*client)->receive_line();
    const auto response = answer ? json::parse(*answer, nullptr, false) : json();
    if (!response.is_object() || !response.contains("result")) return out;
    for (const auto& child : response["result"].value("children", json::array()))
        out.push_back(child.value("name", ""));
    return out;
}

int run_completion(const std::vector<std::string>& words) {
    std::string data;
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
        if (words[i] == "--data") data = words[i + 1];
    for (const auto& word : hort::ctl::complete(words, names_of_children(data))) std::printf("%s\n", word.c_str());
    return done;
}

int run_setup(const std::string& data) {
    auto client = hort::platform::LocalClient::connect(hort::platform::control_address(data));
    if (!client) return say_unreachable(client.error(), data);
    const auto call = [&](const std::string& method, const json& params) -> hort::Result<json> {
        const json request = {{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
        if (auto sent = (*client)->send_line(request.dump()); !sent) return sent.error();
        const auto answer = (*client)->receive_line();
        if (!answer) return answer.error();
        const auto response = json::parse(*answer, nullptr, false);
        if (!response.is_object() || (!response.contains("result") && !response.contains("error")))
            return hort::Error{"the answer is not JSON-RPC", {}, {}};
        if (response.contains("error")) return hort::Error{response["error"].value("message", "refused"), {}, {}};
        return response["result"];
    };
    const auto outcome = hort::ctl::run_setup(stdin, stdout, call);
    if (!outcome) {
        std::fprintf(stderr, "hortctl: %s\n", outcome.error().text().c_str());
        return refused;
    }
    if (!outcome->wants_lists) return done;
    const auto started = call("lists.add", {{"url", "defaults"}});
    if (!started) {
        std::fprintf(stderr, "hortctl: %s\n", started.error().text().c_str());
        return refused;
    }
    std::printf("\n%s\n", started->value("message", "").c_str());
    return hort::ctl::follow_update(**client) ? done : refused;
}

int run(const std::vector<std::string>& arguments) {
    if (!arguments.empty() && arguments[0] == "--complete")
        return run_completion({arguments.begin() + 1, arguments.end()});
    const auto line = hort::ctl::parse_command_line(arguments);
    if (!line) {
        std::fprintf(stderr, "hortctl: %s\n", line.error().text().c_str());
        return usage;
    }
    if (line->is_help) {
        const auto text = hort::ctl::help_text(line->help_on);
        if (text.empty()) {
            std::fprintf(stderr, "hortctl: no such command: %s ('hortctl help' lists the commands)\n",
                         line->help_on.c_str());
            return usage;
        }
        std::fputs(text.c_str(), stdout);
        return done;
    }
    if (line->command->name == "setup") return run_setup(line->data);
    if (line->command->is_local) {
        const auto worked = hort::ctl::run_local(line->command->name, line->params, line->is_json);
        if (!worked) std::fprintf(stderr, "hortctl: %s\n", worked.error().text().c_str());
        return worked ? done : refused;
    }
    const auto params = hort::ctl::with_local_files(line->command->name, line->params);
    if (!params) {
        std::fprintf(stderr, "hortctl: %s\n", params.error().text().c_str());
        return usage;
    }
    const auto address = hort::platform::control_address(line->data);
    auto client = hort::platform::LocalClient::connect(address);
    if (!client) return say_unreachable(client.error(), line->data);
    const json request = {{"jsonrpc", "2.0"}, {"id", 1}, {"method", line->command->method()}, {"params", *params}};
    const auto sent = (*client)->send_line(request.dump());
    const auto answer = sent ? (*client)->receive_line() : hort::Result<std::string>(sent.error());
    if (!answer) {
        std::fprintf(stderr, "hortctl: %s\n", answer.error().text().c_str());
        return unreachable;
    }
    const auto response = json::parse(*answer, nullptr, false);
    if (!response.is_object() || (!response.contains("result") && !response.contains("error"))) {
        std::fprintf(stderr, "hortctl: the answer is not JSON-RPC: is another program listening at %s?\n",
                     address.c_str());
        return unreachable;
    }
    if (response.contains("error")) {
        const auto& error = response["error"];
        if (line->is_json) std::printf("%s\n", json{{"error", error}}.dump(2).c_str());
        std::fprintf(stderr, "hortctl: %s\n", error.value("message", "refused").c_str());
        return error.value("code", 0) == hort::ctl::protocol::invalid_params ? usage : refused;
    }
    if (response["result"].is_object() && response["result"].value("update_runs", false) && !line->is_json) {
        std::fputs(hort::ctl::render(line->command->name, response["result"]).c_str(), stdout);
        return hort::ctl::follow_update(**client) ? done : refused;
    }
    const auto text =
        line->is_json ? response["result"].dump(2) + "\n" : hort::ctl::render(line->command->name, response["result"]);
    std::fputs(text.c_str(), stdout);
    return done;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(std::vector<std::string>(argv + 1, argv + argc));
    } catch (const std::exception& broken) {
        std::fprintf(stderr, "hortctl: unexpected: %s\n", broken.what());
        return unreachable;
    }
}
