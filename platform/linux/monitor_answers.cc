// What the parts of platform/ ask of the monitor, and its answers.
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>

#include "platform/linux/process_message.h"
#include "platform/monitor.h"
#include "platform/notification.h"
#include "platform/process_hold.h"
#include "platform/processes.h"
#include "platform/program.h"
#include "platform/sessions.h"
#include "rules/json_number.h"

namespace hort::platform {
namespace {

using nlohmann::json;

const Error refused{"the monitor does not do that", {}, {}};

// Names of groups in the file system.
bool is_name(const std::string& text) {
    return !text.empty() && text.size() <= 220 &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") ==
               std::string::npos;
}

// Root is nobody's child.
std::optional<Process> somebodys(std::int32_t id) {
    return Processes::find(id, [](std::uint32_t account) { return account != 0; });
}

void answer_about_processes(MonitorDesk& desk) {
    desk.answer("processes.watch", [](const json& about, int& descriptor) -> Result<json> {
        const auto socket = watched_processes(about.at("ends").get<bool>() ? Processes::Tell::starts_and_ends
                                                                           : Processes::Tell::starts);
        if (!socket) return socket.error();
        descriptor = *socket;
        return json(true);
    });
    desk.answer("processes.find", [](const json& about, int&) -> Result<json> {
        const auto process = somebodys(whole_number<std::int32_t>(about));
        return process ? message_of(*process) : json();
    });
    desk.answer("processes.signal", [](const json& about, int&) -> Result<json> {
        const auto process = process_of(about.at("process"));
        const auto signal = whole_number<int>(about.at("signal"));
        if (process.account == 0 || process.id <= 1 || (signal != SIGTERM && signal != SIGKILL)) return refused;
        return json(send_signal(process, signal));
    });
}

void answer_about_holds(MonitorDesk& desk, const std::string& instance) {
    auto made = ProcessHold::make(instance);
    std::shared_ptr<ProcessHold> hold;
    std::string problem;
    if (made)
        hold = *std::move(made);
    else
        problem = made.error().what;
    const auto hint = made ? std::string() : made.error().hint;
    desk.answer("holds.problem", [problem, hint](const json&, int&) -> Result<json> { return json{problem, hint}; });
    if (!hold) return;
    desk.answer("holds.hold", [hold](const json& about, int&) -> Result<json> {
        const auto name = about.at("name").get<std::string>();
        std::vector<std::int32_t> processes;
        for (const auto& id : about.at("processes")) processes.push_back(whole_number<std::int32_t>(id));
        if (!is_name(name)) return refused;
        std::erase_if(processes, [](std::int32_t id) { return !somebodys(id); });
        hold->hold(name, processes);
        return json(true);
    });
    desk.answer("holds.release", [hold](const json& about, int&) -> Result<json> {
        const auto name = about.get<std::string>();
        if (!is_name(name)) return refused;
        hold->release(name);
        return json(true);
    });
    desk.answer("holds.names", [hold](const json&, int&) -> Result<json> { return json(hold->names()); });
    desk.answer("holds.held", [hold](const json& about, int&) -> Result<json> {
        const auto name = about.get<std::string>();
        return is_name(name) ? Result<json>(json(hold->held(name))) : Result<json>(refused);
    });
}

void answer_about_sessions(MonitorDesk& desk) {
    const auto end = [](Status (*how)(const std::string&)) {
        return [how](const json& about, int&) -> Result<json> {
            const auto id = about.get<std::string>();
            if (!is_name(id)) return refused;
            const auto done = how(id);
            return done ? Result<json>(json(true)) : Result<json>(done.error());
        };
    };
    desk.answer("sessions.lock", end(lock_session));
    desk.answer("sessions.terminate", end(terminate_session));
}

}  // namespace

void answer_for_platform(MonitorDesk& desk, const std::string& instance) {
    answer_about_processes(desk);
    answer_about_holds(desk, instance);
    answer_about_sessions(desk);
    desk.answer("people.tell", [](const json& about, int&) -> Result<json> {
        const auto account = whole_number<std::uint32_t>(about.at("account"));
        const auto title = about.at("title").get<std::string>(), text = about.at("text").get<std::string>();
        // Options of a command line they are not; a message is short.
        if (account == 0 || title.size() > 200 || text.size() > 2000) return refused;
        notify(own_program(), account, title, text);
        return json(true);
    });
}

}  // namespace hort::platform
