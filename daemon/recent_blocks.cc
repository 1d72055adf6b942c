#include "daemon/recent_blocks.h"

#include "platform/clock.h"

namespace hort {

void RecentBlocks::blocked(Channel channel, const Subject& who, const Hostname& host, const Decision& decision) {
    if (!decision.leaves_a_trace()) return;
    const std::string_view child = who.person != nullptr ? std::string_view(who.person->name) : std::string_view();
    const std::string_view name = keeps_host_names_ ? host.text() : std::string_view();
    const auto now = platform::now().wall_seconds;
    const std::scoped_lock locked(lock_);
    // The same attempt again and again is one entry with a count.
    if (!entries_.empty()) {
        auto& last = entries_.back();
        if (last.child == child && last.channel == channel && last.reason == decision.reason &&
            last.category == decision.source.category && last.host == name) {
            last.time = now;
            ++last.count;
            return;
        }
    }
    if (entries_.size() == capacity) entries_.pop_front();
    entries_.push_back(
        {now, std::string(child), channel, decision.reason, decision.source.category, std::string(name), 1});
}

std::vector<RecentBlocks::Entry> RecentBlocks::newest(std::size_t limit) const {
    const std::scoped_lock locked(lock_);
    std::vector<Entry> out;
    for (auto it = entries_.rbegin(); it != entries_.rend() && out.size() < limit; ++it) out.push_back(*it);
    return out;
}

void RecentBlocks::forget(const std::string& child) {
    const std::scoped_lock locked(lock_);
    std::erase_if(entries_, [&](const Entry& entry) { return entry.child == child; });
}

}  // namespace hort
