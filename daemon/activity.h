// Activity: what was blocked and what was allowed, as much of it as the owner wants kept; collected in memory, and
// taken from there in batches, so that nobody who answers waits for a disk.
//
// Protected help is kept at no level. Of persons of whom only counts are kept (older children) there are no names.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

#include "daemon/daemon.h"
#include "daemon/store/activity.h"

namespace hort {

enum class LogLevel : std::uint8_t {
    none,
    counts,   // how often, by hour, person and category
    blocked,  // ... and what was blocked, with its name
    full,     // ... and what was allowed, too
};
std::string_view name_of(LogLevel level);
std::optional<LogLevel> parse_log_level(std::string_view text);

class Activity final : public DecisionLog {
  public:
    static constexpr std::size_t max_entries = 4096;  // between two batches; what is more is only counted

    // `on_first` is called when something is noted after a batch was taken. Any thread.
    explicit Activity(std::function<void()> on_first) : on_first_(std::move(on_first)) {}

    void set_level(LogLevel level) { level_.store(level, std::memory_order_relaxed); }

    void noted(Channel channel, const Subject& who, const Hostname& host, const Decision& decision,
               const Moment& now) override;

    struct Batch {
        std::vector<store::ActivityCount> counts;
        std::vector<store::ActivityEntry> entries;
        bool is_empty() const { return counts.empty(); }
    };
    Batch take();

  private:
    const std::function<void()> on_first_;
    std::atomic<LogLevel> level_ = LogLevel::none;
    std::mutex lock_;
    Batch batch_;
};

}  // namespace hort
