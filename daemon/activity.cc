#include "daemon/activity.h"

#include <algorithm>

#include "rules/enumerator.h"

namespace hort {
namespace {

constexpr std::string_view level_names[] = {"none", "counts", "blocked", "full"};
constexpr std::size_t look_back = 16;  // entries among which the same one is looked for

}  // namespace

std::string_view name_of(LogLevel level) { return level_names[static_cast<std::size_t>(level)]; }

std::optional<LogLevel> parse_log_level(std::string_view text) { return enumerator_named<LogLevel>(text, level_names); }

void Activity::noted(Channel channel, const Subject& who, const Hostname& host, const Decision& decision,
                     const Moment& now) {
    const auto level = level_.load(std::memory_order_relaxed);
    if (level == LogLevel::none || !decision.leaves_a_trace() || !who.profile->is_supervised) return;
    store::ActivityCount what{now.wall_seconds / 3600 * 3600,
                              who.person != nullptr ? who.person->id : 0,
                              channel == Channel::dns ? store::ActivityChannel::dns : store::ActivityChannel::proxy,
                              decision.is_blocked() ? store::ActivityVerdict::block
                              : decision.is_watched ? store::ActivityVerdict::watch
                                                    : store::ActivityVerdict::allow,
                              decision.reason,
                              decision.source.category,
                              1};
    // Why something was allowed says what it was.
    const bool is_about_block = decision.is_blocked() || decision.is_watched;
    if (!is_about_block) {
        what.reason = Reason::no_rule;
        what.category.reset();
    }
    const bool has_names = who.person == nullptr || who.profile->keeps_detail;
    const bool is_kept = has_names && level >= (is_about_block ? LogLevel::blocked : LogLevel::full);
    const std::scoped_lock locked(lock_);
    const bool is_first = batch_.is_empty();
    // Few of them at a time: an hour, the persons, their categories.
    const auto count =
        std::find_if(batch_.counts.rbegin(), batch_.counts.rend(), [&](const auto& one) { return one.is_same(what); });
    if (count != batch_.counts.rend())
        ++count->count;
    else
        batch_.counts.push_back(what);
    if (is_kept) {
        store::ActivityEntry entry{what, std::string(host.text())};
        entry.time = now.wall_seconds;
        entry.reason = decision.reason;
        entry.category = decision.source.category;
        const auto end =
            batch_.entries.rbegin() + static_cast<std::ptrdiff_t>(std::min(look_back, batch_.entries.size()));
        const auto same = std::find_if(batch_.entries.rbegin(), end, [&](const auto& one) {
            return one.host == entry.host && one.is_same(entry, false);
        });
        if (same != end) {
            ++same->count;
            same->time = entry.time;
        } else if (batch_.entries.size() < max_entries) {
            batch_.entries.push_back(std::move(entry));
        }
    }
    if (is_first) on_first_();
}

Activity::Batch Activity::take() {
    const std::scoped_lock locked(lock_);
    return std::exchange(batch_, {});
}

}  // namespace hort
