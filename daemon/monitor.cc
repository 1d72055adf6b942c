#include "daemon/monitor.h"

#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "daemon/asio.h"
#include "daemon/configuration.h"
#include "daemon/enforce/asked_enforcement.h"
#include "daemon/log.h"
#include "daemon/run.h"
#include "platform/confinement.h"
#include "platform/monitor.h"
#include "platform/worker_process.h"

namespace hort {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto first_pause = 100ms, longest_pause = 5000ms;  // before a worker that died is started anew

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

class RunningMonitor {
  public:
    RunningMonitor(const Configuration& configuration, std::vector<std::string> arguments)
        : configuration_(configuration), arguments_(std::move(arguments)) {
        arguments_.emplace_back(worker_option);
    }

    Status start() {
        if (auto given = platform::give_to_worker(configuration_.data, "hort.json"); !given) return given;
        const auto claim = platform::claim_folder(configuration_.data);
        if (!claim) return claim.error();
        claim_ = *claim;
        auto enforcement = enforce::Enforcement::start(io_);
        if (!enforcement) return enforcement.error();
        enforcement_ = *std::move(enforcement);
        enforce::answer_for_enforcement(desk_, *enforcement_, configuration_.gateway);
        platform::answer_for_platform(desk_, configuration_.instance());
        desk_.answer("worker.ready", [this](const json&, int&) -> Result<json> {
            is_ready_ = true;
            pause_ = first_pause;
            return json(true);
        });
        wait_for_signals();
        return start_worker();
    }

    int run() {
        io_.run();
        return status_;
    }

  private:
    Status start_worker() {
        auto worker = platform::WorkerProcess::start(arguments_, claim_);
        if (!worker) return worker.error();
        worker_ = *std::move(worker);
        desk_.begin();
        link_.assign(worker_->link());
        ended_.assign(worker_->ended());
        serve();
        ended_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const error_code& fault) {
            if (!fault) worker_ended();
        });
        return Done{};
    }

    void serve() {
        link_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const error_code& fault) {
            if (fault || !worker_) return;
            if (desk_.serve(worker_->link())) return serve();
            worker_->signal(SIGKILL);  // it is gone, or says what no worker says
        });
    }

    void worker_ended() {
        link_.release();
        ended_.release();
        worker_.reset();
        if (is_ending_) return io_.stop();
        if (!is_ready_) {
            // It said why, unless somebody ended it.
            log_line(Level::error, "the worker ended before it was ready");
            status_ = 1;
            return io_.stop();
        }
        log_line(Level::error, "the worker died; it is started anew");
        timer_.expires_after(pause_);
        pause_ = std::min<std::chrono::milliseconds>(2 * pause_, longest_pause);
        timer_.async_wait([this](const error_code& fault) {
            if (fault || is_ending_) return;
            if (auto started = start_worker(); !started) {
                log_line(Level::error, "no worker", {{"error", started.error().text()}});
                status_ = 1;
                io_.stop();
            }
        });
    }

    void wait_for_signals() {
        signals_.async_wait([this](const error_code& fault, int number) {
            if (fault) return;
            if (worker_) worker_->signal(number == SIGHUP ? SIGHUP : SIGTERM);
            if (number != SIGHUP) {
                is_ending_ = true;
                if (!worker_) return io_.stop();
            }
            wait_for_signals();
        });
    }

    const Configuration& configuration_;
    std::vector<std::string> arguments_;
    asio::io_context io_{1};
    asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
    std::unique_ptr<enforce::Enforcement> enforcement_;
    platform::MonitorDesk desk_;
    std::unique_ptr<platform::WorkerProcess> worker_;
    asio::posix::stream_descriptor link_{io_}, ended_{io_};
    asio::steady_timer timer_{io_};
    std::chrono::milliseconds pause_ = first_pause;
    bool is_ready_ = false, is_ending_ = false;
    int claim_ = -1, status_ = 0;
};

// What the worker opens. Folders rather than files: what is replaced is another file.
platform::Places places_of(const Configuration& configuration) {
    platform::Places out;
    out.read = {"/etc", "/usr", "/lib", "/lib64", "/run", "/proc", "/dev/null", "/dev/urandom",
                // where lists may lie, and what applications are called
                "/srv", "/mnt", "/media", "/var/lib/flatpak", "/var/lib/snapd/desktop", configuration.lists};
    for (const auto& file :
         {configuration.dns.certificate, configuration.dns.key, configuration.dns.hosts, configuration.proxy.trusted})
        if (!file.empty()) out.read.push_back(folder_of(file));
    out.write = {configuration.data, folder_of(configuration.control)};
    return out;
}

}  // namespace

bool is_monitor(const Configuration& configuration) {
    return configuration.is_enforcing && geteuid() == 0 && platform::has_worker_account();
}

Status may_run_alone(const Configuration& configuration) {
    if (geteuid() != 0 || !platform::belongs_to_worker(configuration.data)) return Done{};
    return Error{"it belongs to _hort, whose hortd is started with --enforce", configuration.data,
                 "start it so, or give the folder to root (chown -R root)"};
}

int run_monitor(const Configuration& configuration, const std::vector<std::string>& arguments) {
    RunningMonitor monitor(configuration, arguments);
    if (auto started = monitor.start(); !started) {
        log_line(Level::error, "not started", {{"error", started.error().text()}});
        return 1;
    }
    return monitor.run();
}

int run_worker(const Configuration& configuration) {
    platform::Monitor::use(platform::WorkerProcess::link_of_worker);
    // The service manager expects signs of life from the process that it started; it takes this one's, too.
    unsetenv("WATCHDOG_PID");
    // SQLite's other files, which it would have in folders that are closed to it.
    setenv("SQLITE_TMPDIR", configuration.data.c_str(), 1);
    if (auto confined = platform::confine(places_of(configuration)); !confined) {
        log_line(Level::error, "not started: the worker cannot be confined", {{"error", confined.error().text()}});
        return 1;
    }
    return run_daemon(configuration);
}

}  // namespace hort
