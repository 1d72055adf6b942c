#include <csignal>
#include <cstdio>
#include <exception>

#include "daemon/configuration.h"
#include "daemon/monitor.h"
#include "daemon/run.h"
#include "platform/notification.h"

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        if (argc == 5 && std::string_view(argv[1]) == hort::platform::notify_option)
            return hort::platform::deliver_notification(static_cast<std::uint32_t>(std::stoul(argv[2])), argv[3],
                                                        argv[4])
                       ? 0
                       : 1;
        std::vector<std::string> arguments(argv + 1, argv + argc);
        const bool is_worker = !arguments.empty() && arguments.back() == hort::worker_option;
        if (is_worker) arguments.pop_back();
        const auto configuration = hort::read_configuration(arguments);
        if (!configuration) {
            std::fprintf(stderr, "hortd: %s\n", configuration.error().text().c_str());
            return 2;
        }
        if (!*configuration) return 0;
        if (is_worker) return hort::run_worker(**configuration);
        if (hort::is_monitor(**configuration)) return hort::run_monitor(**configuration, arguments);
        if (const auto may = hort::may_run_alone(**configuration); !may) {
            std::fprintf(stderr, "hortd: %s\n", may.error().text().c_str());
            return 2;
        }
        return hort::run_daemon(**configuration);
    } catch (const std::exception& broken) {
        std::fprintf(stderr, "hortd: unexpected: %s\n", broken.what());
        return 1;
    }
}
