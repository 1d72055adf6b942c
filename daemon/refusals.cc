#include "daemon/refusals.h"

#include <algorithm>

namespace hort {
namespace {

bool is_advertising(const Decision& decision) {
    static const auto advertising = Taxonomy::shipped().find("ads_tracking");
    return decision.source.category && advertising && *decision.source.category == *advertising;
}

}  // namespace

void Refusals::noted(Channel channel, const Subject& who, const Hostname& host, const Decision& decision,
                     const Moment& now) {
    next_.noted(channel, who, host, decision, now);
    if (!decision.is_blocked() || who.person == nullptr || !who.profile->is_supervised || is_advertising(decision))
        return;
    const std::scoped_lock locked(lock_);
    forget(now);
    auto& own = entries_[who.person->id];
    const auto same = std::find_if(own.begin(), own.end(), [&](const Entry& one) { return one.host == host; });
    if (same != own.end()) {
        same->at = now.boot_seconds;
        std::rotate(same, same + 1, own.end());
        return;
    }
    if (own.size() == max_hosts) own.erase(own.begin());
    own.push_back({host, now.boot_seconds});
}

std::vector<Hostname> Refusals::of(std::int64_t person, const Moment& now) {
    std::vector<Hostname> out;
    const std::scoped_lock locked(lock_);
    forget(now);
    const auto own = entries_.find(person);
    if (own == entries_.end()) return out;
    for (auto it = own->second.rbegin(); it != own->second.rend(); ++it) out.push_back(it->host);
    return out;
}

void Refusals::forget(const Moment& now) {
    for (auto person = entries_.begin(); person != entries_.end();) {
        std::erase_if(person->second, [&](const Entry& one) { return now.boot_seconds - one.at >= kept_for; });
        person = person->second.empty() ? entries_.erase(person) : std::next(person);
    }
}

}  // namespace hort
