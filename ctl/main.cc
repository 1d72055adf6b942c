// hortctl: one command to the daemon, its answer as text or JSON.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "ctl/client.h"
#include "ctl/command_line.h"
#include "ctl/completion.h"
#include "ctl/help.h"
#include "ctl/local_commands.h"
#include "ctl/protocol.h"
#include "ctl/render.h"
#include "ctl/setup.h"
#include "ctl/update_progress.h"
#include "platform/terminal.h"

namespace {

enum Exit { done = 0, refused = 1, usage = 2, unreachable = 3 };

using hort::ctl::Client;
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
    auto client = Client::connect(data);
    const auto status = client ? client->call("status", json::object()) : hort::Result<json>(client.error());
    if (!status) return out;
    for (const auto& child : status->value("children", json::array())) out.push_back(child.value("name", ""));
    return out;
}

int run_completion(const std::vector<std::string>& words) {
    std::string data;
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
        if (words[i] == "--data") data = words[i + 1];
    for (const auto& word : hort::ctl::complete(words, names_of_children(data))) std::printf("%s\n", word.c_str());
    return done;
}

int say_refused(const hort::Error& error) {
    std::fprintf(stderr, "hortctl: %s\n", error.text().c_str());
    return refused;
}

int run_setup(Client& client) {
    const auto outcome = hort::ctl::run_setup(
        stdin, stdout, [&](const std::string& method, const json& params) { return client.call(method, params); });
    if (!outcome) return say_refused(outcome.error());
    if (!outcome->wants_lists) return done;
    const auto started = client.call("lists.add", {{"url", "defaults"}});
    if (!started) return say_refused(started.error());
    std::printf("\n%s\n", started->value("message", "").c_str());
    return hort::ctl::follow_update(client) ? done : refused;
}

// A new PIN is typed twice.
hort::Status ask_new_pin(json& params) {
    const auto first = hort::platform::ask_secret("New PIN:");
    const auto second = first ? hort::platform::ask_secret("Once more:") : std::nullopt;
    if (!second) return hort::Error{"no PIN was typed; nothing was changed", {}, {}};
    if (*first != *second) return hort::Error{"these are two different ones; nothing was changed", {}, {}};
    params["pin"] = *first;
    return hort::Done{};
}

// Somebody else's data: for nobody but the owner to read.
hort::Status write_export(const std::string& path, const std::string& text) {
    std::FILE* file = std::fopen(path.c_str(), "wx");
    if (file == nullptr)
        return hort::Error{std::string("cannot write the file: ") + std::strerror(errno), path, "choose another name"};
    std::error_code fault;
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, fault);
    const bool is_written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    if (std::fclose(file) != 0 || !is_written) return hort::Error{"the disk is full", path, {}};
    return hort::Done{};
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
    const auto name = line->command->name;
    if (line->command->is_local && name != "setup") {
        const auto worked = hort::ctl::run_local(name, line->params, line->is_json);
        return worked ? static_cast<int>(done) : say_refused(worked.error());
    }
    auto params = hort::ctl::with_local_files(name, line->params);
    if (!params) {
        std::fprintf(stderr, "hortctl: %s\n", params.error().text().c_str());
        return usage;
    }
    auto client = Client::connect(line->data);
    if (!client) return say_unreachable(client.error(), line->data);
    if (line->pin) {
        const auto pin = line->pin->empty() ? hort::platform::ask_secret("PIN:") : line->pin;
        if (!pin) return say_refused(hort::Error{"no PIN was typed", {}, {}});
        client->set_pin(*pin);
    }
    if (name == "setup") return run_setup(*client);
    if (name == "pin set" && !params->contains("pin"))
        if (auto asked = ask_new_pin(*params); !asked) return say_refused(asked.error());
    std::string output;
    if (name == "export" && params->contains("output")) {
        output = params->at("output").get<std::string>();
        params->erase("output");
    }
    const auto answer = client->ask(line->command->method(), *params, hort::ctl::file_of(name, *params));
    if (!answer) {
        std::fprintf(stderr, "hortctl: %s\n", answer.error().text().c_str());
        return unreachable;
    }
    if (answer->contains("error")) {
        const auto& error = answer->at("error");
        if (line->is_json) std::printf("%s\n", json{{"error", error}}.dump(2).c_str());
        std::fprintf(stderr, "hortctl: %s\n", error.value("message", "refused").c_str());
        return error.value("code", 0) == hort::ctl::protocol::invalid_params ? usage : refused;
    }
    const auto& result = answer->at("result");
    if (!output.empty()) {
        if (auto written = write_export(output, result.dump(2) + "\n"); !written) return say_refused(written.error());
        std::printf("%s is written: whoever reads it knows all rules and times.\n", output.c_str());
        return done;
    }
    if (result.is_object() && result.value("update_runs", false) && !line->is_json) {
        std::fputs(hort::ctl::render(name, result).c_str(), stdout);
        return hort::ctl::follow_update(*client) ? done : refused;
    }
    const auto text = line->is_json || name == "export" ? result.dump(2) + "\n"
                                                        : hort::ctl::render(name, result, hort::platform::has_colour());
    std::fputs(text.c_str(), stdout);
    // What 'doctor' found is worth an exit status.
    if (name == "doctor")
        for (const auto& check : result.at("checks"))
            if (check.at("state") == "bad") return refused;
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
