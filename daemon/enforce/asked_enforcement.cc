#include "daemon/enforce/asked_enforcement.h"

#include <nlohmann/json.hpp>

#include "daemon/enforce/plan_message.h"
#include "daemon/log.h"
#include "rules/json_number.h"

namespace hort::enforce {
namespace {

using nlohmann::json;

class AskedEnforcement final : public Enforcement {
  public:
    explicit AskedEnforcement(platform::Monitor& monitor) : monitor_(monitor) {}

    Status hold_traffic(const FirewallPlan& plan) override { return done("traffic.hold", message_of(plan)); }
    Status let_traffic_go() override { return done("traffic.let-go", {}); }
    bool holds_traffic() override {
        const auto answer = monitor_.ask("traffic.is-held", {});
        return answer && answer->get<bool>();
    }
    void hold_programs(const ProgramPlan& plan) override {
        if (auto held = done("programs.hold", message_of(plan)); !held)
            log_line(Level::error, "programs are held as before", {{"error", held.error().text()}});
    }
    Programs programs() override {
        const auto answer = monitor_.ask("programs.state", {});
        if (!answer) return {0, 0, answer.error().text(), {}};
        return {answer->at(0).get<std::size_t>(), answer->at(1).get<std::size_t>(), answer->at(2).get<std::string>(),
                answer->at(3).get<std::string>()};
    }
    std::vector<std::string> guarded_as(const platform::Process& process) override {
        const auto answer = monitor_.ask("programs.names", {process.id, process.path});
        return answer ? answer->get<std::vector<std::string>>() : std::vector<std::string>();
    }

  private:
    Status done(const char* what, const json& about) {
        const auto answer = monitor_.ask(what, about);
        return answer ? Status(Done{}) : Status(answer.error());
    }
    platform::Monitor& monitor_;
};

Result<json> answered(const Status& done) { return done ? Result<json>(json(true)) : Result<json>(done.error()); }

}  // namespace

std::unique_ptr<Enforcement> ask_for_enforcement(platform::Monitor& monitor) {
    return std::make_unique<AskedEnforcement>(monitor);
}

void answer_for_enforcement(platform::MonitorDesk& desk, Enforcement& own, std::vector<std::string> gateway) {
    desk.answer("traffic.hold", [&own, gateway = std::move(gateway)](const json& about, int&) -> Result<json> {
        auto plan = firewall_plan_of(about);
        if (!plan) return plan.error();
        plan->gateway.interfaces = gateway;
        return answered(own.hold_traffic(*plan));
    });
    desk.answer("traffic.let-go", [&own](const json&, int&) { return answered(own.let_traffic_go()); });
    desk.answer("traffic.is-held", [&own](const json&, int&) -> Result<json> { return json(own.holds_traffic()); });
    desk.answer("programs.hold", [&own](const json& about, int&) -> Result<json> {
        const auto plan = program_plan_of(about);
        if (!plan) return plan.error();
        own.hold_programs(*plan);
        return json(true);
    });
    desk.answer("programs.state", [&own](const json&, int&) -> Result<json> {
        const auto state = own.programs();
        return json::array({state.files, state.copies, state.problem, state.copy_problem});
    });
    desk.answer("programs.names", [&own](const json& about, int&) -> Result<json> {
        platform::Process process;
        process.id = whole_number<std::int32_t>(about.at(0));
        process.path = about.at(1).get<std::string>();
        return json(own.guarded_as(process));
    });
}

}  // namespace hort::enforce
