// HostMap<T>: a small map from host names to T, looked up by the longest suffix that has an entry.
//
// For the few hundred names that people write by hand; a Ruleset is for lists.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "rules/hostname.h"

namespace hort {

template <typename T>
class HostMap {
  public:
    struct Hit {
        const T* value = nullptr;
        int labels = 0;  // of the suffix that has the entry
    };

    // The later value wins.
    void set(const Hostname& host, T value) { map_[std::string(host.text())] = std::move(value); }
    // The value of the name, made when there is none.
    T& at(const Hostname& host) { return map_[std::string(host.text())]; }
    bool empty() const { return map_.empty(); }
    std::size_t size() const { return map_.size(); }

    // Calls `each(Hostname, value)` for every entry, in no order.
    template <typename Each>
    void for_each(const Each& each) const {
        for (const auto& [name, value] : map_)
            if (const auto host = Hostname::parse(name)) each(*host, value);
    }

    Hit longest_suffix(const Hostname& host) const {
        return longest_suffix(host, [](const T&) { return true; });
    }
    // Of the entries that `counts` accepts.
    template <typename Counts>
    Hit longest_suffix(const Hostname& host, const Counts& counts) const {
        if (map_.empty()) return {};
        std::string_view name = host.text();
        for (int labels = host.label_count(); labels > 0; --labels) {
            if (const auto it = map_.find(name); it != map_.end() && counts(it->second)) return {&it->second, labels};
            name.remove_prefix(name.find('.') + 1);
        }
        return {};
    }

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    std::unordered_map<std::string, T, Hash, std::equal_to<>> map_;
};

}  // namespace hort
