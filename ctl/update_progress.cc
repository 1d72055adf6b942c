#include "ctl/update_progress.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "platform/terminal.h"

namespace hort::ctl {

using nlohmann::json;

std::string progress_bar(std::size_t done, std::size_t total, std::uint64_t received, std::uint64_t expected,
                         int width) {
    constexpr int cells = 20;
    // A list that is half there counts half.
    const double part = expected > 0 ? std::min(1.0, static_cast<double>(received) / static_cast<double>(expected)) : 0;
    const double share =
        total == 0 ? 1 : std::min(1.0, (static_cast<double>(done) + part) / static_cast<double>(total));
    const int full = static_cast<int>(share * cells);
    std::string out = "[" + std::string(static_cast<std::size_t>(full), '#') +
                      std::string(static_cast<std::size_t>(cells - full), '.') + "] " + std::to_string(done) + "/" +
                      std::to_string(total);
    char size[48] = "";
    constexpr double mebi = 1 << 20;
    if (expected > 0)
        std::snprintf(size, sizeof size, "  %.1f of %.1f MiB", static_cast<double>(received) / mebi,
                      static_cast<double>(expected) / mebi);
    else if (received > 0)
        std::snprintf(size, sizeof size, "  %.1f MiB", static_cast<double>(received) / mebi);
    out += size;
    return out.substr(0, static_cast<std::size_t>(width));
}

bool follow_update(Client& client) {
    const int width = platform::terminal_width();  // 0: no terminal
    std::size_t shown = 0;
    bool is_good = true;
    for (;;) {
        const auto answer = client.call("lists.progress", json::object());
        if (!answer) {
            std::fputs("hortctl: the daemon does not answer any more\n", stderr);
            return false;
        }
        const auto& now = *answer;
        if (width > 0) std::fputs("\r\x1b[K", stderr);
        const auto& results = now.at("results");
        for (; shown < results.size(); ++shown) {
            const auto& result = results[shown];
            is_good = is_good && result.at("is_good").get<bool>();
            std::printf("%s\n", result.at("text").get<std::string>().c_str());
        }
        std::fflush(stdout);
        if (!now.at("is_running").get<bool>()) return is_good;
        if (width > 0)
            std::fprintf(
                stderr, "%s",
                now.at("done") == now.at("total")
                    ? "compiling ..."
                    : progress_bar(now.at("done"), now.at("total"), now.at("received"), now.at("expected"), width - 1)
                          .c_str());
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
}

}  // namespace hort::ctl
