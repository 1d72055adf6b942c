// logind over sd-bus. Source: org.freedesktop.login1(5); elogind speaks the same.
#include "platform/sessions.h"

#include <fcntl.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>

#include "platform/linux/fd.h"
#include "platform/monitor.h"

namespace hort::platform {
namespace {

constexpr const char* service = "org.freedesktop.login1";
constexpr const char* manager_path = "/org/freedesktop/login1";
constexpr const char* manager = "org.freedesktop.login1.Manager";
constexpr const char* session_interface = "org.freedesktop.login1.Session";
constexpr std::uint64_t call_limit = 2'000'000;  // microseconds

Error bus_error(const char* what, int code) {
    return Error{std::string(what) + ": " + std::strerror(-code), "session manager", {}};
}

Result<sd_bus*> system_bus() {
    sd_bus* bus = nullptr;
    if (const int code = sd_bus_open_system(&bus); code < 0) return bus_error("there is no system bus", code);
    sd_bus_set_method_call_timeout(bus, call_limit);
    return bus;
}

// On a connection of its own: it is seldom, and who asks may be another than who watches.
Status call(const char* method, const std::string& id) {
    const auto bus = system_bus();
    if (!bus) return bus.error();
    sd_bus_error fault = SD_BUS_ERROR_NULL;
    const int code = sd_bus_call_method(*bus, service, manager_path, manager, method, &fault, nullptr, "s", id.c_str());
    const std::string said = fault.message != nullptr ? fault.message : std::strerror(-code);
    sd_bus_error_free(&fault);
    sd_bus_flush_close_unref(*bus);
    if (code < 0) return Error{std::string(method) + " failed: " + said, "session " + id, {}};
    return Done{};
}

// This process may not, and its monitor may.
Status ask_or_call(const char* question, const char* method, const std::string& id) {
    auto* monitor = Monitor::in_use();
    if (monitor == nullptr) return call(method, id);
    const auto done = monitor->ask(question, id);
    return done ? Status(Done{}) : Status(done.error());
}

class LogindSessions final : public Sessions {
  public:
    LogindSessions(sd_bus* bus, std::function<void()> changed) : bus_(bus), changed_(std::move(changed)) {}
    ~LogindSessions() override { sd_bus_flush_close_unref(bus_); }

    Status watch() {
        const auto match = [&](const char* rule, sd_bus_message_handler_t handler) {
            return sd_bus_add_match(bus_, nullptr, rule, handler, this);
        };
        int code = match(
            "type='signal',sender='org.freedesktop.login1',interface='org.freedesktop.DBus.Properties',"
            "member='PropertiesChanged',path_namespace='/org/freedesktop/login1/session'",
            on_change);
        for (const char* member : {"SessionNew", "SessionRemoved"})
            if (code >= 0)
                code = match((std::string("type='signal',sender='org.freedesktop.login1',interface='org.freedesktop."
                                          "login1.Manager',member='") +
                              member + "'")
                                 .c_str(),
                             on_change);
        if (code >= 0)
            code = match(
                "type='signal',sender='org.freedesktop.login1',interface='org.freedesktop.login1.Manager',"
                "member='PrepareForSleep'",
                on_sleep);
        return code < 0 ? Status(bus_error("cannot watch the sessions", code)) : Status(Done{});
    }

    int descriptor() const override { return sd_bus_get_fd(bus_); }

    bool process() override {
        for (;;) {
            const int code = sd_bus_process(bus_, nullptr);
            if (code < 0) return false;
            if (code > 0) continue;
            if (!has_changed_) return true;
            has_changed_ = false;
            changed_();  // asks, which may have read further signals
        }
    }

    Result<std::vector<Session>> all() override {
        sd_bus_message* reply = nullptr;
        sd_bus_error fault = SD_BUS_ERROR_NULL;
        int code = sd_bus_call_method(bus_, service, manager_path, manager, "ListSessions", &fault, &reply, "");
        sd_bus_error_free(&fault);
        if (code < 0) return bus_error("cannot list the sessions", code);
        std::vector<std::string> paths;
        std::vector<Session> out;
        code = sd_bus_message_enter_container(reply, 'a', "(susso)");
        const char *id = nullptr, *user = nullptr, *seat = nullptr, *path = nullptr;
        std::uint32_t account = 0;
        while (code > 0 && (code = sd_bus_message_read(reply, "(susso)", &id, &account, &user, &seat, &path)) > 0) {
            out.push_back({id, account, false, false, {}});
            paths.emplace_back(path);
        }
        sd_bus_message_unref(reply);
        if (code < 0) return bus_error("the list of sessions is none", code);
        std::vector<Session> people;
        fault_ = 0;
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (text(paths[i], "Class") == "user") {  // the login screen is nobody's
                out[i].is_active = flag(paths[i], "Active");
                out[i].is_locked = flag(paths[i], "LockedHint");
                // What is counted runs on the same clock.
                if (flag(paths[i], "IdleHint"))
                    out[i].idle_since =
                        static_cast<std::int64_t>(number(paths[i], "IdleSinceHintMonotonic") / 1'000'000);
                people.push_back(std::move(out[i]));
            }
            // Who cannot be asked about is not away: half an answer says nothing.
            if (fault_ != 0) return bus_error("cannot read a session", fault_);
        }
        return people;
    }

    bool is_going_to_sleep() const override { return is_asleep_; }

  private:
    static int on_change(sd_bus_message*, void* self, sd_bus_error*) {
        static_cast<LogindSessions*>(self)->has_changed_ = true;
        return 0;
    }
    static int on_sleep(sd_bus_message* message, void* self, sd_bus_error*) {
        int is_asleep = 0;
        if (sd_bus_message_read(message, "b", &is_asleep) >= 0)
            static_cast<LogindSessions*>(self)->is_asleep_ = is_asleep != 0;
        static_cast<LogindSessions*>(self)->has_changed_ = true;
        return 0;
    }

    // A session that ended meanwhile has none of them, which is an answer; none at all is a fault.
    void note(int code) {
        if (code == -ETIMEDOUT || code == -ENOTCONN || code == -ECONNRESET || code == -EPIPE) fault_ = code;
    }
    bool flag(const std::string& path, const char* name) {
        int out = 0;
        note(sd_bus_get_property_trivial(bus_, service, path.c_str(), session_interface, name, nullptr, 'b', &out));
        return out != 0;
    }
    std::uint64_t number(const std::string& path, const char* name) {
        std::uint64_t out = 0;
        note(sd_bus_get_property_trivial(bus_, service, path.c_str(), session_interface, name, nullptr, 't', &out));
        return out;
    }
    std::string text(const std::string& path, const char* name) {
        char* out = nullptr;
        const int code =
            sd_bus_get_property_string(bus_, service, path.c_str(), session_interface, name, nullptr, &out);
        note(code);
        if (code < 0) return {};
        std::string copy(out);
        free(out);
        return copy;
    }

    sd_bus* bus_;
    std::function<void()> changed_;
    bool has_changed_ = false, is_asleep_ = false;
    int fault_ = 0;  // of the properties that were read last
};

}  // namespace

Result<std::unique_ptr<Sessions>> Sessions::connect(std::function<void()> changed) {
    const auto bus = system_bus();
    if (!bus) return bus.error();
    auto out = std::make_unique<LogindSessions>(*bus, std::move(changed));
    if (auto asked = out->all(); !asked) return asked.error();
    if (auto watched = out->watch(); !watched) return watched.error();
    return std::unique_ptr<Sessions>(std::move(out));
}

Status lock_session(const std::string& id) { return ask_or_call("sessions.lock", "LockSession", id); }
Status terminate_session(const std::string& id) { return ask_or_call("sessions.terminate", "TerminateSession", id); }

}  // namespace hort::platform
