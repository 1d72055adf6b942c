#include <csignal>
#include <cstdio>
#include <exception>

#include "daemon/configuration.h"
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
        const auto configuration = hort::read_configuration(std::vector<std::string>(argv + 1, argv + argc));
        if (!configuration) {
            std::fprintf(stderr, "hortd: %s\n", configuration.error().text().c_str());
            return 2;
        }
        return *configuration ? hort::run_daemon(**configuration) : 0;
    } catch (const std::exception& broken) {
        std::fprintf(stderr, "hortd: unexpected: %s\n", broken.what());
        return 1;
    }
}
