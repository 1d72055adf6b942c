#include "rules/time_zone.h"

#include <algorithm>

namespace hort {
namespace {

auto after(const std::vector<TimeZone::Change>& changes, std::int64_t utc) {
    return std::upper_bound(changes.begin(), changes.end(), utc,
                            [](std::int64_t moment, const TimeZone::Change& change) { return moment < change.at; });
}

}  // namespace

TimeZone TimeZone::probe(const std::function<std::int32_t(std::int64_t)>& ask, std::int64_t from, std::int64_t to) {
    constexpr std::int64_t step = 86400;
    const auto first = ask(from);
    std::vector<Change> changes;
    auto offset = first;
    for (auto at = from; at < to; at += step) {
        const auto next = ask(at + step);
        if (next == offset) continue;
        auto before = at, after_it = at + step;  // it changes between these two
        while (after_it - before > 1) {
            const auto middle = before + (after_it - before) / 2;
            (ask(middle) == offset ? before : after_it) = middle;
        }
        changes.push_back({after_it, next});
        offset = next;
    }
    return {first, std::move(changes)};
}

std::int32_t TimeZone::offset_at(std::int64_t utc) const {
    const auto next = after(changes_, utc);
    return next == changes_.begin() ? first_offset_ : std::prev(next)->offset;
}

std::int64_t TimeZone::next_change(std::int64_t utc) const {
    const auto next = after(changes_, utc);
    return next == changes_.end() ? INT64_MAX : next->at;
}

LocalTime TimeZone::local_time(std::int64_t utc) const { return local_time_of(utc + offset_at(utc)); }

std::int64_t TimeZone::first_moment_of(LocalTime time) const {
    const auto shown = (std::int64_t{time.day} * 1440 + time.minute) * 60;
    // Offsets are at most 26 hours, so the moment lies within two days of the same number of seconds in UTC.
    auto from = shown - 2 * 86400;
    for (;;) {
        const auto offset = offset_at(from);
        const auto end = next_change(from);
        if (const auto moment = shown - offset; moment < end) return std::max(moment, from);
        from = end;
    }
}

}  // namespace hort
